"""Combination of sub-feature maps with their context information.

Source: the bottom-up combination of RMPG (arXiv 2501.11069, abstract). The
formulas are ours. Both answer the branch that a gate adds to the node's map.
"""

import torch
from torch import Tensor, nn

from .node_conv import join_nodes, node_conv2d

COMBINATIONS = ('fuse', 'add')


class FuseCombination(nn.Module):
    """W_2 ReLU(W_1 * [Y; Z]) for every node of a level.

    W_1 is a 3x3 convolution 2c -> c that sees the sub-map and its context
    side by side, W_2 a 1x1 convolution c -> c.

    Args:
        channels (int): Channels C of the whole map.
        num_nodes (int): Nodes n of the level; c = C / n.
    """

    def __init__(self, channels: int, num_nodes: int) -> None:
        super().__init__()
        self.num_nodes = num_nodes
        self.conv1 = nn.Conv2d(
            2 * channels, channels, 3, padding=1, groups=num_nodes
        )
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 1, groups=num_nodes)

    def forward(self, y: Tensor, z: Tensor) -> Tensor:
        """Combine sub-maps (B, C, H, W) and context (B, n, c, H, W).

        Returns:
            Tensor: The branch (B, C, H, W).
        """
        nodes = y.unflatten(1, (self.num_nodes, -1))
        # In four dimensions, the most that CUDA joins in one launch.
        both = torch.cat([nodes.flatten(3), z.flatten(3)], dim=2)
        both = both.unflatten(3, y.shape[2:])
        hidden = self.relu(_convolve(self.conv1, both))
        return join_nodes(_convolve(self.conv2, hidden))


class AddCombination(nn.Module):
    """W_o * Z for every node of a level, or Z itself without W_o.

    Args:
        channels (int): Channels C of the whole map.
        num_nodes (int): Nodes n of the level.
        out_proj (bool): Whether there is a 1x1 convolution W_o.
    """

    def __init__(self, channels: int, num_nodes: int, out_proj: bool) -> None:
        super().__init__()
        self.out_proj = (
            nn.Conv2d(channels, channels, 1, groups=num_nodes)
            if out_proj
            else nn.Identity()
        )

    def forward(self, y: Tensor, z: Tensor) -> Tensor:
        """Map the context (B, n, c, H, W) to the branch (B, C, H, W).

        The sub-map is not read.
        """
        if not isinstance(self.out_proj, nn.Identity):
            z = _convolve(self.out_proj, z)
        return join_nodes(z)


def _convolve(conv: nn.Conv2d, nodes: Tensor) -> Tensor:
    (out,) = node_conv2d([nodes], conv.weight, conv.bias)
    return out
