import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmkbdm.analysis.cost import (
    count_macs,
    count_params,
    cuda_bytes,
    forward_bytes,
    saved_bytes,
)
from mmkbdm.models.necks import RMPG

PRESETS = {
    'default': dict(),
    'paper-size': dict(kernel_size=3, position='none', combine='add'),
    'lite': dict(combine='add', out_proj=True),
}


class Attention(nn.Module):
    def forward(self, x):
        tokens = x.flatten(2).transpose(1, 2)
        return F.scaled_dot_product_attention(tokens, tokens, tokens)


class Function(nn.Module):
    """A function with a parameter, so that autograd looks at it."""

    def __init__(self, function):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.function = function

    def forward(self, x):
        return self.function(x * self.weight)


def test_macs_of_known_operations():
    image = torch.randn(2, 3, 10, 12)
    conv = nn.Conv2d(3, 8, 3, padding=1)
    assert count_macs(conv, image) == 2 * 120 * 8 * 3 * 9
    grouped = nn.Conv2d(3, 6, 3, padding=1, groups=3)
    assert count_macs(grouped, image) == 2 * 120 * 6 * 9
    assert count_macs(Attention(), image) == 2 * 2 * 120 * 120 * 3
    assert count_params(conv) == 8 * 27 + 8


def test_params_count_shared_modules_once():
    conv = nn.Conv2d(3, 3, 1)
    assert count_params(nn.Sequential(conv, conv)) == 12


def test_macs_of_lite_are_those_of_its_formula():
    channels, pixels = 32, 48
    macs = 0
    for nodes in (1, 2, 4):
        width = channels // nodes
        macs += 4 * pixels * channels * width  # q, k, v, W_o
        tokens, d = 2 * pixels, width // 2
        macs += nodes * 2 * tokens * tokens * d
    x = torch.randn(1, channels, 8, 6)
    assert count_macs(RMPG(channels, **PRESETS['lite']), x) == macs


@pytest.mark.parametrize(
    'preset, gmacs', [('lite', 1.135), ('default', 4.70), ('paper-size', 5.69)]
)
def test_macs_of_the_presets_on_the_map_of_vitpose(preset, gmacs):
    neck, x = RMPG(768, **PRESETS[preset]), torch.randn(1, 768, 16, 12)
    assert count_macs(neck, x) / 1e9 == pytest.approx(gmacs, rel=0.005)


@pytest.mark.parametrize(
    'function, maps',
    [
        (lambda x: x, 1),
        (lambda x: x.relu_(), 1),
        (lambda x: x.relu(), 2),
        # The caller's own map lives on.
        (lambda x: x.relu().relu().relu(), 3),
        (lambda x: x + x.relu().relu(), 3),
        (lambda x: x.flatten().view(-1, 2), 1),
    ],
)
def test_forward_bytes_are_those_that_live_at_once(function, maps):
    """A map is x * weight; each function is known to add so many."""
    x = torch.randn(1, 3, 8, 6)
    network = Function(function)
    assert forward_bytes(network, x) == maps * x.nbytes
    assert forward_bytes(network, x) == maps * x.nbytes


def test_forward_bytes_do_not_count_weights_and_image():
    x = torch.randn(1, 8, 2, 2)
    wide = nn.Conv2d(8, 4, 1)
    assert forward_bytes(wide, x) == 4 * 4 * 4
    with torch.autocast('cpu', torch.bfloat16):
        # The half copies of image, weight and bias, and the result.
        copies = 2 * (8 * 4 + 8 * 4 + 4)
        assert forward_bytes(wide, x) == copies + 2 * 4 * 4


@pytest.mark.parametrize(
    'function, maps',
    [
        (lambda x: x, 0),
        (lambda x: x.sigmoid(), 1),
        (lambda x: x.sin().cos(), 2),
        (lambda x: x.sin() + x.cos(), 1),
        (lambda x: x + 1, 0),
    ],
)
def test_saved_bytes_are_those_of_known_derivatives(function, maps):
    """The product with the weight saves only the image and the weight."""
    x = torch.randn(2, 3, 8, 6)
    network = Function(function).eval()
    assert saved_bytes(network, x) == maps * x.nbytes
    assert not network.training


def test_saved_bytes_see_the_training_mode():
    x = torch.randn(2, 3, 8, 6)
    dropout = Function(nn.Dropout(0.5)).eval()
    assert saved_bytes(dropout, x) > 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_cuda_bytes_hold_at_least_the_result():
    x = torch.randn(1, 3, 64, 64, device='cuda')
    network = nn.Conv2d(3, 8, 1).cuda()
    assert cuda_bytes(network, x) >= 8 * 64 * 64 * 4
