"""How a generator samples (ours)."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from mmkbdm.apis.errors import PreflightError


@dataclass(frozen=True)
class Sampling:
    """Settings of sampling.

    Args:
        num_inference_steps (int): Defaults to 50.
        guidance_scale (float): Of classifier-free guidance; up to 1 there is
            none, at half the cost. Defaults to 7.5.
        negative_prompt (str): What guidance leads away from. Defaults to ''.
        pose_strength (float): Factor of what the adapter adds. 0 is the
            model without it. Defaults to 1.
        pose_start, pose_end (float): The adapter works in this part of the
            steps, from 0 to 1. Default to 0 and 1.
        kb_strength (float): Factor of what the knowledge base changes. 0 is
            the adapter without it. Defaults to 1.

    Raises:
        PreflightError: A value is impossible.
    """

    num_inference_steps: int = 50
    guidance_scale: float = 7.5
    negative_prompt: str = ''
    pose_strength: float = 1.0
    pose_start: float = 0.0
    pose_end: float = 1.0
    kb_strength: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            kinds = (int, float) if field.type is float else field.type
            # To Python, True is an int.
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise PreflightError(
                    f'{field.name}={value!r} is no {field.type.__name__}'
                )
        if self.num_inference_steps < 1:
            raise PreflightError(
                f'num_inference_steps={self.num_inference_steps} must be at '
                'least 1'
            )
        for name in ('guidance_scale', 'pose_strength', 'kb_strength'):
            if not 0 <= getattr(self, name) < math.inf:
                raise PreflightError(
                    f'{name}={getattr(self, name)} must be a number, and not '
                    'negative'
                )
        if not 0 <= self.pose_start <= self.pose_end <= 1:
            raise PreflightError(
                f'pose_start={self.pose_start} and pose_end={self.pose_end} '
                'must be in order between 0 and 1'
            )

    @classmethod
    def of(cls, *settings: dict | None) -> 'Sampling':
        """Merge settings, the later ones count.

        Raises:
            PreflightError: There is no setting of a name.
        """
        merged = {k: v for one in settings for k, v in (one or {}).items()}
        known = [field.name for field in fields(cls)]
        for key in merged:
            if key not in known:
                raise PreflightError(
                    f'sampling takes no {key!r}: it takes {", ".join(known)}'
                )
        return cls(**merged)

    def poses_at(self, step: int, steps: int) -> bool:
        """Tell whether the adapter works in a step, counted from 0.

        Some samplers take more steps than they are asked for: ``steps`` is
        how many there are.
        """
        started = step / steps >= self.pose_start
        ended = (step + 1) / steps > self.pose_end
        return self.pose_strength > 0 and started and not ended


def set_timesteps(sampler, call: Sampling, device: torch.device) -> None:
    """Give a sampler the time steps of a call.

    Args:
        sampler: Scheduler of diffusers.
        call (Sampling): Settings.
        device (torch.device): Of the time steps.

    Raises:
        PreflightError: The sampler does not take so many.
    """
    try:
        sampler.set_timesteps(call.num_inference_steps, device=device)
    except ValueError as error:
        raise PreflightError(
            f'num_inference_steps={call.num_inference_steps} is refused by '
            f'{type(sampler).__name__} ({error}): give fewer'
        ) from error


def sample(
    sampler,
    noise: Tensor,
    predict: Callable[[int, Tensor, Tensor], Tensor],
    guidance_scale: float,
    generator: list[torch.Generator],
    on_step: Callable[[int, Tensor, Tensor], tuple[Tensor, bool]]
    | None = None,
) -> Tensor:
    """Go from noise to latents, in float32.

    Args:
        sampler: Scheduler of diffusers; its time steps are set.
        noise (Tensor): (B, C, h, w), of a standard normal distribution.
        predict (Callable): Takes the step, counted from 0, noisy latents and
            the time step, and answers the UNet's prediction. With guidance,
            there are 2 B latents, the first half to lead away from.
        guidance_scale (float): See :class:`Sampling`.
        generator (list[torch.Generator]): B, for samplers with noise of
            their own.
        on_step (Callable, optional): Takes the step, the time step and the
            latents after it, and returns the latents to go on with, and
            whether to.

    Returns:
        Tensor: (B, C, h, w).
    """
    extra = {}
    if 'generator' in inspect.signature(sampler.step).parameters:
        extra = dict(generator=generator)
    latents = noise.float() * sampler.init_noise_sigma
    for i, timestep in enumerate(sampler.timesteps):
        noisy = sampler.scale_model_input(latents, timestep)
        if guidance_scale > 1:
            away, to = predict(i, noisy.repeat(2, 1, 1, 1), timestep).chunk(2)
            away, to = away.float(), to.float()
            predicted = away + guidance_scale * (to - away)
        else:
            predicted = predict(i, noisy, timestep).float()
        latents = sampler.step(
            predicted, timestep, latents, return_dict=False, **extra
        )[0]
        if on_step is not None:
            latents, goes_on = on_step(i, timestep, latents)
            if not goes_on:
                break
    return latents
