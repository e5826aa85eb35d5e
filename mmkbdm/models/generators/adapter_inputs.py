"""What the pose adapter computes before it sees latents (ours)."""

from typing import NamedTuple

import torch
from torch import Tensor

from mmkbdm.models.layers import Modulation


class PoseInputs(NamedTuple):
    """What does not depend on the time step.

    Attributes:
        embedding (Tensor): The encoded drawing (B, C, h, w).
        distance (Tensor | None): Of every token to the pose, in pixels of
            the drawing (B, 1, h / p, w / p), and
        position (Tensor | None): Of the tokens (1, dim, h / p, w / p), of
            :class:`~mmkbdm.models.layers.PoseMaskedBlock`; None without
            masks.
        size (int): Shorter side of the drawing in pixels.
    """

    embedding: Tensor
    distance: Tensor | None
    position: Tensor | None
    size: int


class TimeInputs(NamedTuple):
    """What depends on the time step, but not on the latents.

    Attributes:
        embedding (Tensor): Of the time (B, E).
        masks (Tensor | None): (B, blocks, 2, heads, N), of
            :class:`~mmkbdm.models.layers.PoseMaskedBlock`; None without
            masks.
        modulations (dict[str, Modulation]): By place; empty without code.
    """

    embedding: Tensor
    masks: Tensor | None
    modulations: dict[str, Modulation]


def prepare_all(
    adapter,
    condition: Tensor,
    timesteps: Tensor,
    code: Tensor | None,
    guided: bool,
) -> tuple[PoseInputs, list[TimeInputs]]:
    """Compute what an adapter needs before the first step of sampling.

    Args:
        adapter (PoseAdapter): Asked.
        condition (Tensor): Drawn poses (B, 3, H, W), uint8 RGB.
        timesteps (Tensor): Of all steps (T).
        code (Tensor | None): Of the knowledge base (B, d).
        guided (bool): Whether everything is repeated, for the two sides of
            the guidance.

    Returns:
        tuple[PoseInputs, list[TimeInputs]]: The latter T times.
    """
    steps = len(timesteps)
    pose = adapter.prepare_pose(condition)
    # All steps at once, as if each were an image of its own.
    many = pose
    if pose.distance is not None:
        many = pose._replace(distance=pose.distance.repeat(steps, 1, 1, 1))
    if code is not None:
        code = code.repeat(steps, 1)
    timesteps = timesteps.repeat_interleave(len(condition))
    times = adapter.prepare_time(timesteps, many, code)
    if guided:
        pose = pose._replace(embedding=torch.cat([pose.embedding] * 2))
    return pose, _by_step(times, steps, guided)


def _by_step(times: TimeInputs, steps: int, guided: bool) -> list[TimeInputs]:
    """Split what was computed for all steps at once."""

    def split(one: Tensor) -> tuple[Tensor, ...]:
        one = one.unflatten(0, (steps, -1))
        return (torch.cat([one, one], dim=1) if guided else one).unbind()

    embeddings = split(times.embedding)
    masks = [None] * steps
    if times.masks is not None:
        masks = split(times.masks)
    modulations = [{} for _ in range(steps)]
    for place, modulation in times.modulations.items():
        for step, *parts in zip(modulations, *map(split, modulation)):
            step[place] = Modulation(*parts)
    return list(map(TimeInputs, embeddings, masks, modulations))
