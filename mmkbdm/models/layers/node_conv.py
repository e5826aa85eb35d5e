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

Hence: 1x1 on a CPU is a batched matrix product over nodes, whose result
comes as the tokens that attention wants; everything else is a grouped
convolution of a contiguous map. On other devices nothing has been measured:
there 1x1 is left to the convolution library as well.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def node_conv2d(
    sources: Sequence[Tensor], weight: Tensor, bias: Tensor, num_nodes: int
) -> list[Tensor]:
    """Apply p convolutions i -> o to every one of n nodes.

    The choice of the formulation depends on the device and the kernel alone,
    so it is fixed when a graph is traced, compiled or exported.

    Args:
        sources (Sequence[Tensor]): Input of each convolution, p maps (B,
            n i, H, W) in any memory layout, their sizes may differ. The same
            tensor in neighbouring places is convolved in one operation.
        weight (Tensor): Weights (n p o, i, k, k), k odd.
        bias (Tensor): Biases (n p o).
        num_nodes (int): Nodes n.

    Returns:
        list[Tensor]: p node maps (B, n, o, H, W) in the memory layout that
        their computation left; see :func:`join_nodes`.
    """
    num_parts = len(sources)
    weight = weight.unflatten(0, (num_nodes, num_parts, -1))
    bias = bias.unflatten(0, (num_nodes, num_parts, -1))
    if weight.shape[-1] > 1 or sources[0].device.type != 'cpu':
        return _grouped_convolution(sources, weight, bias)
    # Split at once: the gradient of a slice is a whole weight of zeros.
    parts = zip(sources, weight.flatten(3).unbind(1), bias.unbind(1))
    return [_batched_product(*part) for part in parts]


def _grouped_convolution(sources, weight, bias) -> list[Tensor]:
    starts = [
        i
        for i, source in enumerate(sources)
        if i == 0 or source is not sources[i - 1]
    ]
    sizes = [b - a for a, b in zip(starts, [*starts[1:], len(sources)])]
    outs = []
    for start, w, b in zip(
        starts, weight.split(sizes, dim=1), bias.split(sizes, dim=1)
    ):
        out = F.conv2d(
            sources[start].contiguous(),
            w.flatten(0, 2),
            b.flatten(),
            padding=w.shape[-1] // 2,
            groups=w.shape[0],
        )
        outs += out.unflatten(1, b.shape).unbind(2)
    return outs


def _batched_product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Product of (B, n i, H, W) and (n, o, i) node by node."""
    num_nodes, out_channels, in_channels = weight.shape
    pixels = x.movedim(1, -1).reshape(-1, num_nodes, in_channels)
    out = torch.baddbmm(
        bias.unsqueeze(1), pixels.transpose(0, 1), weight.transpose(1, 2)
    )
    out = out.view(num_nodes, -1, *x.shape[2:], out_channels)
    return out.permute(1, 0, 4, 2, 3)


def join_nodes(nodes: Tensor) -> Tensor:
    """(B, n, c, H, W) to (B, n c, H, W), without transposing the memory.

    Node maps with channels innermost become a channels-last map.
    """
    if nodes.is_contiguous():
        return nodes.flatten(1, 2)
    return nodes.permute(0, 3, 4, 1, 2).flatten(3).movedim(-1, 1)
