"""From prompts and drawn poses to latents (ours)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from .adapter_inputs import prepare_all
from .frozen_base import FrozenBase
from .sampling import Sampling, sample


def guided_latents(
    base: FrozenBase,
    sampler,
    call: Sampling,
    prompts: Sequence[str],
    noise: Tensor,
    generator: list[torch.Generator],
    adapter: nn.Module | None = None,
    condition: Tensor | None = None,
    code: Tensor | None = None,
    negative_prompts: Sequence[str] | None = None,
    on_step: Callable[[int, Tensor, Tensor], tuple[Tensor, bool]]
    | None = None,
) -> Tensor:
    """Sample latents of which the base makes images.

    What does not depend on the latents is computed before the first step.

    Args:
        base (FrozenBase): Parts of Stable Diffusion.
        sampler: Scheduler of diffusers; its time steps are set.
        call (Sampling): Settings.
        prompts (Sequence[str]): B.
        noise (Tensor): (B, C, h, w) of a standard normal distribution, on
            the device to work on.
        generator (list[torch.Generator]): B, on the CPU.
        adapter (PoseAdapter, optional): Defaults to None, no pose.
        condition (Tensor, optional): Drawn poses (B, 3, H, W) for it, uint8
            RGB.
        code (Tensor, optional): Of the knowledge base (B, d), for it.
        negative_prompts (Sequence[str], optional): B, in place of that of
            ``call``.
        on_step (Callable, optional): See
            :func:`~mmkbdm.models.generators.sampling.sample`.

    Returns:
        Tensor: (B, C, h, w), float32.
    """
    guided = call.guidance_scale > 1
    text = base.encode_text(prompts)
    if guided:
        negative = base.encode_text(negative_prompts or [call.negative_prompt])
        text = torch.cat([negative.expand_as(text), text])
    pose, times = None, []
    if adapter is not None and call.pose_strength > 0:
        pose, times = prepare_all(
            adapter, condition, sampler.timesteps, code, guided
        )

    def predict(i: int, noisy: Tensor, timestep: Tensor) -> Tensor:
        residuals = None
        if pose is not None and call.poses_at(i, len(times)):
            strengths = call.pose_strength, call.kb_strength
            residuals = adapter.residuals(
                noisy, text, pose, times[i], *strengths
            )
        return base.denoise(noisy, timestep, text, residuals)

    return sample(
        sampler, noise, predict, call.guidance_scale, generator, on_step
    )
