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
            the drawing (B, 1, h / p, w / p); None without masks.
        size (int): Shorter side of the drawing in pixels.
    """

    embedding: Tensor
    distance: Tensor | None
    size: int


class TimeInputs(NamedTuple):
    """What depends on the time step, but not on the latents.

    Attributes:
        embedding (Tensor): Of the time (B, E).
        background (Tensor | None): (B, blocks, heads, N), and
        strength (Tensor | None): (B, blocks, heads), of
            :class:`~mmkbdm.models.layers.PoseMaskedBlock`; None without
            masks.
        modulations (dict[str, Modulation]): By place; empty without code.
    """

    embedding: Tensor
    background: Tensor | None
    strength: Tensor | None
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
    pose = adapter.prepare_pose(condition)
    times = [
        adapter.prepare_time(timestep.expand(len(condition)), pose, code)
        for timestep in timesteps
    ]
    if guided:
        return _twice(pose), [_twice(time) for time in times]
    return pose, times


def _twice(inputs):
    if isinstance(inputs, Tensor):
        return torch.cat([inputs, inputs])
    if isinstance(inputs, dict):
        return {key: _twice(value) for key, value in inputs.items()}
    if isinstance(inputs, tuple):
        return type(inputs)(*map(_twice, inputs))
    return inputs
