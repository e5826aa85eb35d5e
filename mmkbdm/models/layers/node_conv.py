"""Convolution of all nodes of a tree level at once (ours).

Every node has its own weights, which is a convolution of one group a node.
There are several ways to compute it. Which is fastest was measured one
operation at a time (float32, one thread of an AMD EPYC 9004, one image,
forward, milliseconds; n nodes on a map of C x H x W), the whole they make is
measured by ``benchmarks/rmpg.py``:

=================  ===  =======  ========  =======  ========  ========
operation          n    grouped  grouped   batched  per node  per node
                        NCHW     NHWC      matmul   NCHW      NHWC
=================  ===  =======  ========  =======  ========  ========
1x1, 768x16x12     2    1.20     1.20      1.15     1.19      1.19
1x1, 768x16x12     4    0.64     0.66      0.59     0.65      0.68
1x1, 256x64x64     4    2.30     2.29      1.96     2.25      2.29
1x1, 64x12x8       4    0.030    0.032     0.016    0.041     0.048
3x3, 768x16x12     1    23.6     42.5
3x3, 768x16x12     2    10.5     13.8               10.6      13.1
3x3, 768x16x12     4    5.03     6.20               5.05      5.94
3x3, 256x64x64     4    11.6     11.2               12.0      11.9
3x3, 64x12x8       4    0.078    0.062              0.110     0.092
=================  ===  =======  ========  =======  ========  ========

Hence on a CPU 1x1 of channels-last maps is a batched matrix product over
nodes, whose result comes as the tokens that attention wants; everything else
is a grouped convolution of a contiguous map. On a GPU the choice is the same
and only assumed: the whole has been measured there, not its formulations.
``benchmarks/rmpg.py --formulations`` measures the whole with each of them,
and :data:`FASTEST` holds the choice.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# (Device, kernel, whether channels lie innermost in memory): formulation.
# Where nothing is said it is 'grouped'.
FASTEST = {
    ('cpu', 1, True): 'product',
    ('cuda', 1, True): 'product',
}


def fastest(x: Tensor, kernel: int) -> str:
    """Name the formulation for a map and a kernel."""
    place = x.device.type, kernel, not x.is_contiguous()
    return FASTEST.get(place, 'grouped')


def node_conv2d(
    sources: Sequence[Tensor], weight: Tensor, bias: Tensor
) -> list[Tensor]:
    """Apply p convolutions i -> o to every one of n nodes.

    The choice of the formulation depends on the device, the kernel and the
    memory layout alone, so it is fixed when a graph is traced, compiled or
    exported.

    Args:
        sources (Sequence[Tensor]): Input of each convolution, p node maps
            (B, n, i, H, W) in any memory layout, their sizes may differ. The
            same tensor in neighbouring places is convolved in one operation.
        weight (Tensor): Weights (n p o, i, k, k), k odd.
        bias (Tensor): Biases (n p o).

    Returns:
        list[Tensor]: p node maps (B, n, o, H, W) in the memory layout that
        their computation left; see :func:`join_nodes`.
    """
    parts = sources[0].shape[1], len(sources), -1
    weight, bias = weight.unflatten(0, parts), bias.unflatten(0, parts)
    compute = FORMULATIONS[fastest(sources[0], weight.shape[-1])]
    if compute is _product:
        # Split at once: the gradient of a slice is a whole weight of zeros.
        parts = zip(sources, weight.flatten(3).unbind(1), bias.unbind(1))
        return [_product(*part) for part in parts]
    starts = [
        i
        for i, source in enumerate(sources)
        if i == 0 or source is not sources[i - 1]
    ]
    if len(starts) == 1:  # splitting would copy the gradient of the weight
        return list(compute(sources[0], weight, bias))
    sizes = [b - a for a, b in zip(starts, [*starts[1:], len(sources)])]
    parts = zip(starts, weight.split(sizes, 1), bias.split(sizes, 1))
    return [m for i, *part in parts for m in compute(sources[i], *part)]


def _grouped(x: Tensor, weight: Tensor, bias: Tensor) -> Sequence[Tensor]:
    """Convolve (B, n, i, H, W) by (n, p, o, i, k, k), one group a node."""
    return _convolve(x.flatten(1, 2).contiguous(), weight, bias)


def _grouped_last(x: Tensor, weight: Tensor, bias: Tensor) -> Sequence[Tensor]:
    """As :func:`_grouped`, the channels innermost in memory."""
    x = join_nodes(x).contiguous(memory_format=torch.channels_last)
    return _convolve(x, weight, bias)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Sequence[Tensor]:
    out = F.conv2d(
        x,
        weight.flatten(0, 2),
        bias.flatten(),
        padding=weight.shape[-1] // 2,
        groups=len(weight),
    )
    return out.unflatten(1, bias.shape).unbind(2)


def _nodes(x: Tensor, weight: Tensor, bias: Tensor) -> Sequence[Tensor]:
    """A convolution for every node."""
    padding = weight.shape[-1] // 2
    outs = [
        F.conv2d(part, w.flatten(0, 1), b.flatten(), padding=padding)
        for part, w, b in zip(x.unbind(1), weight, bias)
    ]
    return torch.stack(outs, 1).unflatten(2, bias.shape[1:]).unbind(2)


def _product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Product of (B, n, i, H, W) and (n, o, i) node by node."""
    num_nodes, out_channels, in_channels = weight.shape
    pixels = x.permute(1, 0, 3, 4, 2).reshape(num_nodes, -1, in_channels)
    out = torch.baddbmm(bias.unsqueeze(1), pixels, weight.transpose(1, 2))
    out = out.view(num_nodes, -1, *x.shape[3:], out_channels)
    return out.permute(1, 0, 4, 2, 3)


# 'product' is for 1x1 alone.
FORMULATIONS = {
    'grouped': _grouped,
    'grouped_last': _grouped_last,
    'nodes': _nodes,
    'product': _product,
}


def join_nodes(nodes: Tensor) -> Tensor:
    """(B, n, c, H, W) to (B, n c, H, W), without transposing the memory.

    Node maps with channels innermost become a channels-last map, which
    torch recognises even of one image, unlike after ``flatten(1, 2)``.
    """
    if nodes.is_contiguous():
        return nodes.flatten(1, 2)
    return nodes.permute(0, 3, 4, 1, 2).flatten(3).movedim(-1, 1)
