"""What pose-masked attention does while an image is sampled (ours)."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .masked_rows import paid_to


class Attended(NamedTuple):
    """What attention of a layer was computed from, for one image.

    Attributes:
        query, key (Tensor): (heads, N, d).
        channels (Tensor): (2, heads, N), of
            :func:`~mmkbdm.models.layers.mask_channels`.
    """

    query: Tensor
    key: Tensor
    channels: Tensor

    def unmasked(self) -> 'Attended':
        """The same queries and keys without the mask."""
        return self._replace(channels=torch.zeros_like(self.channels))


class PaidToPose(NamedTuple):
    """Mean share of attention that goes to pose tokens, over all heads.

    Attributes:
        pose, background (float): Of the tokens on the pose and of the
            others; NaN where there are none.
    """

    pose: float
    background: float


@dataclass
class StepRecord:
    """One step of sampling.

    Attributes:
        step (int): Counted from 0.
        timestep (float): t of the diffusion.
        latents (Tensor | None): After the step (C, h, w); of steps that are
            looked at.
        layers (list[Attended]): One a layer of the masked block; of steps
            that are looked at, and empty where the adapter rests.
        paid (list[PaidToPose]): One a layer; empty where the adapter rests.
        paid_unmasked (list[PaidToPose]): The same without the mask.
    """

    step: int
    timestep: float = float('nan')
    latents: Tensor | None = None
    layers: list[Attended] = field(default_factory=list)
    paid: list[PaidToPose] = field(default_factory=list)
    paid_unmasked: list[PaidToPose] = field(default_factory=list)


class SamplingRecord:
    """Collects the steps of a single image; see :func:`recorded`.

    Args:
        look_at (Collection[int]): Steps to keep everything of.
        on_pose (Tensor): Tokens on the pose (N), bool.
    """

    def __init__(self, look_at: Collection[int], on_pose: Tensor) -> None:
        self.look_at = set(look_at)
        self.on_pose = on_pose
        self.steps: list[StepRecord] = [StepRecord(0)]

    def on_step_end(self, pipeline, step, timestep, tensors: dict) -> dict:
        """Close a step: ``callback_on_step_end`` of the pipeline."""
        now = self.steps[-1]
        now.timestep = float(timestep)
        if step in self.look_at:
            now.latents = tensors['latents'][-1].cpu()
        self.steps.append(StepRecord(step + 1))
        return tensors

    def on_layer(self, layer: nn.Module, inputs, output) -> None:
        """Read off a layer: a forward hook."""
        tokens, masks = inputs
        # Guidance leads to the last image.
        query, key, _ = layer.project(tokens[-1:])[:, 0]
        attended = Attended(query, key, masks[:, -1])
        now = self.steps[-1]
        now.paid.append(self._paid(attended))
        now.paid_unmasked.append(self._paid(attended.unmasked()))
        if now.step in self.look_at:
            now.layers.append(Attended(*(x.float().cpu() for x in attended)))

    def _paid(self, attended: Attended) -> PaidToPose:
        on_pose = self.on_pose.to(attended.query.device)
        shares = paid_to(*attended, on_pose).mean(1)
        return PaidToPose(
            float(shares[on_pose].mean()), float(shares[~on_pose].mean())
        )


@contextmanager
def recorded(
    masked_block: nn.Module | None, record: SamplingRecord
) -> Iterator[None]:
    """Record the layers of a masked block while it runs.

    Args:
        masked_block (PoseMaskedBlock | None): None has no layers.
        record (SamplingRecord): Filled; its ``on_step_end`` has to be the
            pipeline's callback.
    """
    layers = [] if masked_block is None else masked_block.layers
    handles = [
        layer.register_forward_hook(record.on_layer) for layer in layers
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        # The one that has not begun.
        record.steps.pop()
