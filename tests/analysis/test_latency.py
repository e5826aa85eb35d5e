import pytest
import torch
from torch import nn

from mmkbdm.analysis import latency
from mmkbdm.analysis.latency import Mode, check_modes, measure
from mmkbdm.apis.errors import PreflightError


class Recorder(nn.Module):
    """Remembers what it was called with."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        self.seen = []

    def forward(self, image):
        out = self.conv(image)
        self.seen.append((len(image), out.dtype, out.requires_grad))
        return out


@pytest.mark.parametrize(
    'dtype, expected', [('fp32', torch.float32), ('bf16', torch.bfloat16)]
)
def test_batch_and_dtype(dtype, expected):
    networks = dict(base=Recorder(), other=Recorder())
    rounds = []
    seconds = measure(
        networks,
        torch.randn(1, 3, 4, 4),
        Mode(5, dtype, False),
        3,
        60,
        rounds.append,
    )
    assert {name: len(values) for name, values in seconds.items()} == dict(
        base=3, other=3
    )
    for network in networks.values():
        assert network.seen == [(5, expected, False)] * 5
    assert sum(rounds) == 5


def test_compiled(monkeypatch):
    """Whatever compiles: the backend's own cost is not of interest here."""
    compiled = []

    def compile_(network, dynamic):
        compiled.append((network, dynamic))
        return network

    monkeypatch.setattr(torch, 'compile', compile_)
    networks = dict(base=nn.Conv2d(3, 2, 1))
    image, mode = torch.randn(1, 3, 4, 4), Mode(1, 'fp32', True)
    measure(networks, image, mode, 1, 60, lambda rounds: None)
    assert compiled == [(networks['base'], False)]


@pytest.mark.parametrize(
    'error, words',
    [
        (RuntimeError('DefaultCPUAllocator: not enough memory'), 'smaller'),
        (
            torch._dynamo.exc.Unsupported('first line\nsecond line'),
            r'\(first line.*--compile off',
        ),
    ],
)
def test_user_errors(error, words):
    class Failing(nn.Module):
        def forward(self, image):
            raise error

    with pytest.raises(PreflightError, match=words) as caught:
        measure(
            dict(base=Failing()),
            torch.randn(1, 3, 4, 4),
            Mode(64, 'fp32', False),
            1,
            60,
            lambda rounds: None,
        )
    assert '\n' not in str(caught.value)


def test_modes_that_cannot_be(monkeypatch):
    check_modes([Mode(1, 'bf16', False), Mode(1, 'fp32', False)], 'cpu')
    check_modes([Mode(1, 'fp16', True)], 'cuda')
    monkeypatch.setattr(latency.shutil, 'which', lambda name: None)
    for mode, words in (
        (Mode(0, 'fp32', False), '--batch-sizes 0'),
        (Mode(1, 'fp16', False), 'choose bf16'),
        (Mode(1, 'fp32', True), 'g'),
    ):
        with pytest.raises(PreflightError, match=words):
            check_modes([mode], 'cpu')


def test_mode_as_text():
    assert str(Mode(8, 'fp32', False)) == 'batch 8, fp32'
    assert str(Mode(1, 'bf16', True)) == 'batch 1, bf16, compiled'
