"""Layer normalisation of every node of a tree level at once (ours)."""

import torch
from torch import Tensor, nn


class NodeLayerNorm(nn.GroupNorm):
    """LayerNorm over the channels of each node at each position.

    It is a :class:`torch.nn.GroupNorm` of one group a node, the parameters
    included, whose statistics are those of one position instead of the whole
    map. Being one, it is known to optimizers that spare norms from decay. A
    map of half precision is normalised in float32.

    Args:
        channels (int): Channels C of the whole map.
        num_nodes (int): Nodes n of the level, contiguous channel groups.
        eps (float): Added to the variance. Defaults to 1e-5.
    """

    def __init__(
        self, channels: int, num_nodes: int, eps: float = 1e-5
    ) -> None:
        super().__init__(num_nodes, channels, eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a map (B, C, H, W); same shape and dtype."""
        nodes = x.unflatten(1, (self.num_groups, -1))
        if nodes.dtype in (torch.float16, torch.bfloat16):
            nodes = nodes.float()
        var, mean = torch.var_mean(nodes, dim=2, correction=0, keepdim=True)
        normed = ((nodes - mean) * torch.rsqrt(var + self.eps)).flatten(1, 2)
        weight, bias = (p.view(1, -1, 1, 1) for p in (self.weight, self.bias))
        return (normed * weight + bias).to(x.dtype)
