"""What is computed before the first step of sampling."""

import pytest
import torch
from tiny_generator import UNET, batch, masks, wake

from mmkbdm.models.generators.adapter_inputs import prepare_all
from mmkbdm.models.generators.parts import build_part
from mmkbdm.models.generators.pose_adapter import PoseAdapter

FILM = dict(places=(1, 4), code_dim=4, rank=4)
TIMESTEPS = torch.tensor([900, 500, 20])


def make(**settings):
    torch.manual_seed(0)
    unet = build_part(UNET, 'unet')
    adapter = PoseAdapter.from_unet(unet, (4, 8, 8), **settings)
    wake(adapter, scale=0.5)
    return adapter


@pytest.mark.parametrize('guided', [False, True])
@pytest.mark.parametrize('kind', ['linear', 'conv3x3'])
@torch.no_grad()
def test_all_steps_at_once_are_every_step_alone(guided, kind):
    adapter = make(masks=masks(), film=dict(FILM, kind=kind))
    condition = torch.stack(batch()['condition'])
    # The second image has no code.
    code = torch.randn(2, 4) * torch.tensor([[1.0], [0.0]])
    pose, times = prepare_all(adapter, condition, TIMESTEPS, code, guided)
    assert len(times) == 3
    size = 4 if guided else 2
    sample, text = torch.randn(size, 4, 16, 16), torch.randn(size, 5, 8)
    if guided:
        condition, code = condition.repeat(2, 1, 1, 1), code.repeat(2, 1)
    for time, timestep in zip(times, TIMESTEPS):
        down, mid = adapter.residuals(sample, text, pose, time)
        alone = timestep.expand(size)
        expected = adapter(sample, alone, text, condition, code)
        for got, one in zip([*down, mid], [*expected[0], expected[1]]):
            torch.testing.assert_close(got, one, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_controlnet_needs_its_time_only():
    adapter = make()
    condition = torch.stack(batch()['condition'])
    pose, times = prepare_all(adapter, condition, TIMESTEPS, None, False)
    assert pose.distance is None and pose.position is None
    for time in times:
        assert time.masks is None and time.modulations == {}
        assert time.embedding.shape == (2, 64)


@torch.no_grad()
def test_in_half_precision():
    adapter = make(masks=masks(), film=FILM).bfloat16()
    condition = torch.stack(batch()['condition'])
    code = torch.randn(2, 4)
    pose, times = prepare_all(adapter, condition, TIMESTEPS, code, True)
    assert times[0].masks.dtype == pose.position.dtype == torch.bfloat16
    sample, text = torch.randn(4, 4, 16, 16), torch.randn(4, 5, 8)
    _, mid = adapter.residuals(sample, text, pose, times[0])
    assert mid.dtype == torch.bfloat16 and mid.isfinite().all()
