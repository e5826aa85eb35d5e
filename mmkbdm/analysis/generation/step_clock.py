"""When the steps of a sampling happen, seen from its UNet (ours)."""

import time

import torch
from torch import nn


class StepClock:
    """Notes the time at every answer of the UNet.

    From one answer to the next, a sampling does everything of one step: what
    the scheduler does, the adapter, the UNet, both sides of the guidance.
    Nothing of the code that is measured is changed. On a GPU the marks are
    events of its stream, and the program does not wait for it.

    Args:
        unet (nn.Module): Called once a step.
        stop_after (int, optional): Raises :class:`Enough` at this answer.
            Defaults to None.

    Example:
        >>> with StepClock(model.base.unet) as clock:
        ...     model.generate(batch, generators)
        >>> clock.seconds()
    """

    def __init__(self, unet: nn.Module, stop_after: int | None = None):
        self.unet = unet
        self.stop_after = stop_after
        self.on_gpu = next(unet.parameters()).is_cuda
        self.marks = []

    def __enter__(self) -> 'StepClock':
        self.handle = self.unet.register_forward_hook(self._mark)
        return self

    def __exit__(self, kind, error, traceback) -> bool:
        self.handle.remove()
        return kind is Enough

    def _mark(self, *unused) -> None:
        if self.on_gpu:
            mark = torch.cuda.Event(enable_timing=True)
            mark.record()
        else:
            mark = time.perf_counter()
        self.marks.append(mark)
        if len(self.marks) == self.stop_after:
            raise Enough

    def seconds(self) -> list[float]:
        """Return the length of every step but the first."""
        pairs = list(zip(self.marks, self.marks[1:]))
        if not self.on_gpu:
            return [end - start for start, end in pairs]
        torch.cuda.synchronize()
        return [start.elapsed_time(end) / 1e3 for start, end in pairs]


class Enough(Exception):
    """The steps that were asked for are done."""
