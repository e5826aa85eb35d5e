"""The trained copy of the encoder."""

import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from tiny_generator import BLOCK, UNET, batch, masks, wake

from mmkbdm.models.generators.parts import build_part
from mmkbdm.models.generators.pose_adapter import PoseAdapter

SMALL = (4, 8, 8)
FILM = dict(places=(1, 2, 4, 5), code_dim=4, rank=4)


@pytest.fixture(scope='module')
def unet():
    torch.manual_seed(0)
    return build_part(UNET, 'unet')


@pytest.fixture(scope='module')
def inputs():
    torch.manual_seed(1)
    condition = torch.stack(batch()['condition'])
    times = torch.tensor([900, 20])
    return torch.randn(2, 4, 16, 16), times, torch.randn(2, 5, 8), condition


def make(unet, seed=0, **settings):
    torch.manual_seed(seed)
    return PoseAdapter.from_unet(unet, SMALL, **settings)


def outputs(adapter, inputs, **settings):
    down, mid = adapter(*inputs, **settings)
    return [*down, mid]


def count(module):
    return sum(value.numel() for value in module.parameters())


@torch.no_grad()
def test_starts_at_zero(unet, inputs):
    adapter = make(unet, masks=masks(), film=FILM)
    code = torch.randn(2, 4)
    assert not any(out.any() for out in outputs(adapter, inputs, code=code))


@torch.no_grad()
def test_alone_it_is_controlnet(unet, inputs):
    adapter = make(unet)
    wake(adapter)
    plain = ControlNetModel.from_unet(
        unet, conditioning_embedding_out_channels=SMALL
    )
    plain.load_state_dict(adapter.net.state_dict())
    assert count(plain) == count(adapter)
    sample, times, text, condition = inputs
    down, mid = plain(
        sample, times, text, condition / 255, 0.7, return_dict=False
    )
    ours = outputs(adapter, inputs, pose_strength=0.7)
    for ours_one, one in zip(ours, [*down, mid], strict=True):
        assert torch.equal(ours_one, one)


@torch.no_grad()
def test_begins_with_the_weights_of_the_unet(unet):
    net = make(unet).net
    for name in ('conv_in', 'time_embedding', 'down_blocks', 'mid_block'):
        ours = getattr(net, name).state_dict()
        for key, value in getattr(unet, name).state_dict().items():
            assert torch.equal(ours[key], value)


@torch.no_grad()
def test_masks_and_film_start_as_the_identity(unet, inputs):
    plain = make(unet)
    wake(plain)
    adapter = make(unet, masks=masks(), film=FILM)
    adapter.net.load_state_dict(plain.net.state_dict())
    expected = outputs(plain, inputs)
    code = torch.randn(2, 4)
    for got, one in zip(outputs(adapter, inputs, code=code), expected):
        assert torch.equal(got, one)


@torch.no_grad()
def test_static_and_dynamic_masks_start_alike_and_part(unet, inputs):
    adapter = make(unet, masks=masks(learnable=False))
    wake(adapter)
    dynamic = make(unet, masks=masks())
    missing, unexpected = dynamic.load_state_dict(adapter.state_dict(), False)
    assert not missing and not unexpected
    static = outputs(adapter, inputs)
    for got, one in zip(outputs(dynamic, inputs), static):
        assert torch.equal(got, one)
    dynamic.dynamic_mask.strength_slope.data.fill_(-3)
    assert not torch.equal(outputs(dynamic, inputs)[-1], static[-1])


@torch.no_grad()
def test_kb_strength_zero_is_no_code(unet, inputs):
    adapter = make(unet, film=FILM)
    wake(adapter)
    code = torch.randn(2, 4)
    without = outputs(adapter, inputs)
    off = outputs(adapter, inputs, code=code, kb_strength=0)
    half = outputs(adapter, inputs, code=code, kb_strength=0.5)
    assert all(torch.equal(a, b) for a, b in zip(off, without))
    changed = [not torch.equal(a, b) for a, b in zip(half, without)]
    # The first convolution comes before any FiLM.
    assert not changed[0] and all(changed[1:])


@torch.no_grad()
def test_no_code_is_kb_off_for_its_sample_alone(unet, inputs):
    adapter = make(unet, film=FILM)
    wake(adapter)
    code = torch.randn(2, 4)
    with_codes = outputs(adapter, inputs, code=code)
    without = outputs(adapter, inputs)
    code[1] = 0
    for mixed, on, off in zip(
        outputs(adapter, inputs, code=code), with_codes, without
    ):
        assert torch.equal(mixed[0], on[0])
        assert torch.equal(mixed[1], off[1])


def test_everything_learns_once_awake(unet, inputs):
    adapter = make(unet, masks=masks(), film=FILM)
    wake(adapter)
    adapter.enable_gradient_checkpointing()
    outs = outputs(adapter, inputs, code=torch.randn(2, 4))
    sum(out.square().sum() for out in outs).backward()
    still = [k for k, v in adapter.named_parameters() if v.grad is None]
    assert not still
    zero = [k for k, v in adapter.named_parameters() if not v.grad.any()]
    # The biases of keys have none by the mathematics of softmax.
    assert all('null' in key or 'to_k.bias' in key for key in zero), zero


def test_gradient_checkpointing_changes_no_gradient(unet, inputs):
    grads = []
    for checkpointing in (False, True):
        adapter = make(unet, masks=masks())
        wake(adapter)
        if checkpointing:
            adapter.enable_gradient_checkpointing()
        sum(out.square().sum() for out in outputs(adapter, inputs)).backward()
        grads.append([value.grad for value in adapter.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*grads))


@torch.no_grad()
def test_saved_and_loaded(unet, inputs, tmp_path):
    adapter = make(unet, masks=masks(radii=[9.0, 4.0]), film=FILM)
    wake(adapter)
    adapter.save_pretrained(tmp_path)
    loaded = PoseAdapter.from_pretrained(tmp_path)
    code = torch.randn(2, 4)
    expected = outputs(adapter, inputs, code=code)
    for got, one in zip(outputs(loaded, inputs, code=code), expected):
        assert torch.equal(got, one)
    assert not loaded.training
    assert [p.name for p in tmp_path.glob('*.safetensors')]


def test_size_for_stable_diffusion_15():
    with torch.device('meta'):
        unet = UNet2DConditionModel(
            sample_size=64, cross_attention_dim=768, attention_head_dim=8
        )
        controlnet = PoseAdapter.from_unet(unet)
        masked = PoseAdapter.from_unet(unet, masks=dict())
        film = dict(code_dim=256)
        linear = PoseAdapter.from_unet(unet, film=film)
        paper = PoseAdapter.from_unet(unet, film=dict(film, kind='conv3x3'))
    assert count(controlnet) == 361_279_120
    assert 3.4e6 < count(masked.masked_block) < 3.6e6
    assert list(linear.film_layers) == ['4', '7', '10']
    assert count(linear.film_layers) < 7e6
    assert 66e6 < count(paper.film_layers) < 68e6


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(film=dict(FILM, places=(3,))), 'no place 3: .* 1, 2, 4, 5'),
        (dict(masks=dict(radii=(90,), block=BLOCK)), 'radii'),
    ],
)
def test_mistakes(unet, settings, words):
    with pytest.raises(ValueError, match=words):
        make(unet, **settings)
