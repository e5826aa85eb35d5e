"""Time and memory of sampling, the methods side by side (ours)."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from mmkbdm.analysis.peak_memory import peak_bytes
from mmkbdm.analysis.timing import Spread, pairwise_ratio

from .batch import make_batch
from .step_clock import StepClock

REFERENCE = 'ControlNet'
IMAGE_STEPS = 50
# Fewest rounds where time is short.
FEWEST = 2


class Sampler:
    """Calls a model as a user does.

    Args:
        model (PoseGuidedGenerator): In evaluation mode.
        size (int): Side of the images in pixels.
        batch_size (int): Images of a call.
    """

    def __init__(self, model: nn.Module, size: int, batch_size: int) -> None:
        self.model = model
        self.device = model.base.device
        self.batch = make_batch(size, batch_size)
        self.batch_size = batch_size

    def __call__(self, steps: int) -> torch.Tensor:
        """Make the images."""
        seeds = range(self.batch_size)
        generators = [torch.Generator().manual_seed(i) for i in seeds]
        return self.model.generate(
            self.batch, generators, num_inference_steps=steps
        )

    def clocked(self, steps: int) -> tuple[float, float]:
        """Make the images; seconds of all, and the median of a step."""
        synchronize(self.device)
        start = time.perf_counter()
        with StepClock(self.model.base.unet) as clock:
            self(steps)
        synchronize(self.device)
        whole = time.perf_counter() - start
        return whole, statistics.median(clock.seconds())

    def until_step(self, step: int) -> None:
        """Prepare a whole image, and stop behind a step."""
        with StepClock(self.model.base.unet, stop_after=step):
            self(IMAGE_STEPS)

    def memory(self) -> dict[str, int]:
        """Bytes of the weights, and what steps and a whole call add."""
        weights = tensors(self.model)
        device = self.device
        return dict(
            weights_bytes=sum(t.nbytes for t in weights),
            step_bytes=peak_bytes(lambda: self.until_step(2), device, weights),
            call_bytes=peak_bytes(lambda: self(2), device, weights),
        )


def measure_sampling(
    models: Mapping[str, nn.Module],
    size: int,
    batch_size: int,
    steps: int = 8,
    rounds: int = 3,
    max_seconds: float = float('inf'),
    full: bool = False,
    progress: Callable[[str], object] = lambda text: None,
) -> list[dict]:
    """Measure methods in turns, each with guidance.

    Args:
        models (Mapping[str, PoseGuidedGenerator]): By name; ratios are those
            to the one called ControlNet, if there is one.
        size (int): Side of the images in pixels.
        batch_size (int): Images of a call.
        steps (int): Steps of a call, at least 2. Defaults to 8.
        rounds (int): Calls of every method. Defaults to 3.
        max_seconds (float): No further round begins after so many seconds,
            once there are two. Defaults to no limit.
        full (bool): Whether to make the images once in 50 steps, too; else
            their time is that of a call, and of a step for each that it
            lacks. Defaults to False.
        progress (Callable): Told what begins.

    Returns:
        list[dict]: For each method ``step`` and ``ratio`` (median and
        quartiles), seconds of a call for 50 ``image_seconds``, and of one
        that was made ``full_seconds``, ``images_per_second``, bytes.
    """
    samplers = {
        name: Sampler(model, size, batch_size)
        for name, model in models.items()
    }
    memory = {}
    for name, sampler in samplers.items():
        progress(f'{size} x {batch_size}: memory of {name}')
        sampler.until_step(2)
        memory[name] = sampler.memory()
    calls = {name: [] for name in samplers}
    begin = time.perf_counter()
    for number in range(rounds):
        if number >= FEWEST and time.perf_counter() - begin > max_seconds:
            break
        progress(f'{size} x {batch_size}: round {number + 1} of {rounds}')
        names = list(samplers)
        first = number % len(names)
        for name in names[first:] + names[:first]:
            calls[name].append(samplers[name].clocked(steps))
    rows = []
    for name, measured in calls.items():
        wholes, medians = map(list, zip(*measured))
        missing = IMAGE_STEPS - steps
        images = [w + missing * step for w, step in zip(wholes, medians)]
        row = dict(
            name=name,
            size=size,
            batch_size=batch_size,
            rounds=len(measured),
            step=vars(Spread.of(medians)),
            image_seconds=statistics.median(images),
            images_per_second=batch_size / statistics.median(images),
            **memory[name],
        )
        if REFERENCE in calls:
            base = [step for _, step in calls[REFERENCE]]
            row['ratio'] = vars(pairwise_ratio(medians, base))
        if full:
            progress(f'{size} x {batch_size}: {IMAGE_STEPS} steps of {name}')
            row['full_seconds'], _ = samplers[name].clocked(IMAGE_STEPS)
        rows.append(row)
    return rows


def count_operations(model: nn.Module, size: int) -> int:
    """Count the operations of a step that compute something.

    Views do not. On a GPU each is a kernel, or a few.

    Args:
        model (PoseGuidedGenerator): In evaluation mode.
        size (int): Side of the images in pixels.
    """
    counts, marks = _Operations(), []
    handle = model.base.unet.register_forward_hook(
        lambda *unused: marks.append(counts.number)
    )
    with counts:
        Sampler(model, size, 1)(2)
    handle.remove()
    return marks[1] - marks[0]


# Neither has an output that is marked as a view.
_FREE = (
    torch.ops.aten._unsafe_view.default,
    torch.ops.aten._local_scalar_dense.default,
)


class _Operations(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        alias = [one.alias_info for one in func._schema.returns]
        is_view = any(one and not one.is_write for one in alias)
        self.number += not is_view and func not in _FREE
        return func(*args, **(kwargs or {}))


def tensors(model: nn.Module) -> list[torch.Tensor]:
    """Return the parameters and buffers of a model, each once."""
    return [*model.parameters(), *model.buffers()]


def synchronize(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == 'cuda':
        torch.cuda.synchronize()
