"""Memory that a call needs at once (ours)."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from .cost import LiveBytes


def peak_bytes(
    call: Callable[[], object],
    device: str | torch.device,
    given: Iterable[Tensor] = (),
) -> int:
    """Peak of the tensors that live at once in a call, in bytes.

    On CUDA it is what torch's allocator reports above its start, work space
    of kernels included. Elsewhere every storage that an operation hands out
    counts from then until it is freed; what a kernel allocates and frees
    within itself does not.

    Args:
        call (Callable): Takes no argument.
        device (str or torch.device): Where it computes.
        given (Iterable[Tensor]): Parameters and inputs, which do not count
            where there is no allocator to ask.
    """
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize()
        start = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - start
    storages = (tensor.untyped_storage() for tensor in given)
    with LiveBytes(storages) as counter:
        call()
    return counter.peak
