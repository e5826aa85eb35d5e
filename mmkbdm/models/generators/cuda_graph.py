"""Small networks replayed as CUDA graphs (ours)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def as_cuda_graph(
    module: nn.Module, inputs: tuple[Tensor, ...]
) -> Callable[..., Tensor]:
    """Capture forward and backward of a module as CUDA graphs.

    Small networks take longer to be launched than to be calculated: replayed
    graphs leave out the launching. Parameters may change in place, and
    nothing else.

    Args:
        module (nn.Module): Takes tensors, and does not wait for the GPU.
        inputs (tuple[Tensor, ...]): Of the first call, on a GPU; all later
            ones are like them in shape, dtype and need of a gradient.

    Returns:
        Callable: In place of the module; a batch of another size is a
        ValueError.
    """
    samples = tuple(
        one.detach().clone().requires_grad_(one.requires_grad)
        for one in inputs
    )
    # Converted weights of a cache would outlive the weights' next step.
    with torch.autocast(
        'cuda',
        dtype=torch.get_autocast_dtype('cuda'),
        enabled=torch.is_autocast_enabled('cuda'),
        cache_enabled=False,
    ):
        graphed = torch.cuda.make_graphed_callables(module, samples)

    def replay(*tensors: Tensor) -> Tensor:
        for sample, tensor in zip(samples, tensors):
            if sample.shape != tensor.shape:
                raise ValueError(
                    f'graph=True was captured for {tuple(sample.shape)}, got '
                    f'{tuple(tensor.shape)}: give batches of one size, or '
                    'leave graph out'
                )
        return graphed(*tensors)

    return replay
