"""Layer normalisation of every node of a tree level at once (ours)."""

import torch
from torch import Tensor, nn


class NodeLayerNorm(nn.Module):
    """LayerNorm over the channels of each node at each position.

    The channels of a map are ``num_nodes`` contiguous groups. A map of half
    precision is normalised in float32.

    Args:
        channels (int): Channels C of the whole map.
        num_nodes (int): Nodes n of the level; n divides C.
        eps (float): Added to the variance. Defaults to 1e-5.
    """

    def __init__(
        self, channels: int, num_nodes: int, eps: float = 1e-5
    ) -> None:
        super().__init__()
        self.num_nodes = num_nodes
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start as a plain normalisation: weight one, bias zero."""
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a map (B, C, H, W); same shape and dtype."""
        nodes = x.unflatten(1, (self.num_nodes, -1))
        if nodes.dtype in (torch.float16, torch.bfloat16):
            nodes = nodes.float()
        var, mean = torch.var_mean(nodes, dim=2, correction=0, keepdim=True)
        normed = ((nodes - mean) * torch.rsqrt(var + self.eps)).flatten(1, 2)
        weight, bias = (p.view(1, -1, 1, 1) for p in (self.weight, self.bias))
        return (normed * weight + bias).to(x.dtype)
