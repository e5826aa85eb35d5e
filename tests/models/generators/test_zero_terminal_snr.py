"""The toy's noise: nothing of an image is left at the last time step."""

import pytest
import torch
from mmengine.config import Config
from tiny_generator import build, config

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.generators.diffusion_loss import training_target
from mmkbdm.models.generators.parts import build_part, build_sampler
from mmkbdm.models.generators.sampling import sample

PARTS = 'configs/kb_dmgen/_base_/toy_parts.py'


@pytest.fixture
def schedulers():
    model = Config.fromfile(PARTS).model
    scheduler = build_part(model.scheduler, 'scheduler')
    return scheduler, build_sampler(model.sampler, scheduler)


def test_the_last_step_of_training_is_pure_noise(schedulers):
    scheduler, sampler = schedulers
    assert scheduler.alphas_cumprod[-1] == 0
    assert torch.equal(scheduler.alphas_cumprod, sampler.alphas_cumprod)
    latents, noise = torch.randn(2, 1, 4, 8, 8)
    last = torch.tensor([999])
    assert torch.equal(scheduler.add_noise(latents, noise, last), noise)
    # The velocity is the image then, and can be learned.
    target = training_target(scheduler, latents, noise, last)
    torch.testing.assert_close(target, -latents)


@pytest.mark.parametrize('steps', [1, 8, 20])
@pytest.mark.parametrize('guidance', [1.0, 3.0])
def test_sampling_begins_there_and_finds_what_the_velocity_says(
    schedulers, steps, guidance
):
    """A perfect model answers its image, whatever noise it begins with."""
    scheduler, sampler = schedulers
    torch.manual_seed(0)
    image, noise = torch.randn(1, 4, 8, 8), torch.randn(3, 4, 8, 8)
    seen = []

    def velocity(i, noisy, timestep):
        seen.append(int(timestep))
        kept = scheduler.alphas_cumprod[int(timestep)]
        found = (noisy - kept.sqrt() * image) / (1 - kept).sqrt()
        return kept.sqrt() * found - (1 - kept).sqrt() * image

    sampler.set_timesteps(steps)
    out = sample(sampler, noise, velocity, guidance, [torch.Generator()] * 3)
    assert seen[0] == 999 and len(seen) == steps
    torch.testing.assert_close(out, image.expand(3, -1, -1, -1))


@pytest.mark.parametrize('kind', ['scheduler', 'sampler'])
def test_noise_cannot_be_predicted_where_there_is_nothing_else(kind):
    settings = dict(
        rescale_betas_zero_snr=True,
        prediction_type='epsilon',
        clip_sample=False,
    )
    if kind == 'scheduler':
        changes = dict(scheduler=dict(type='DDPMScheduler', **settings))
    else:
        changes = dict(sampler=dict(type='DDIMScheduler', **settings))
    with pytest.raises(PreflightError, match=f'{kind}.*v_prediction'):
        build(config(**changes))


def test_sampler_that_predicts_something_else_is_refused():
    changes = dict(
        sampler=dict(type='DDIMScheduler', prediction_type='v_prediction')
    )
    with pytest.raises(PreflightError, match="'v_prediction'.*'epsilon'"):
        build(config(**changes))
