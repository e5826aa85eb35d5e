"""Heatmaps read off the nodes of a level, for supervision in training.

Source: RMPG (arXiv 2501.11069) supervises some modules on their sub-node
feature maps. The predictor and its loss are ours.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NodePredictor(nn.Module):
    """Predicts from each node the heatmaps of its own joints.

    One 1x1 convolution a node, c -> joints of the node, resized to the
    target. A state dict without these parameters loads without complaint:
    a network that is only used has no need of them.

    Args:
        channels (int): Channels c of each node.
        joints (Sequence[Sequence[int]]): Joint indices of each node; a joint
            may stand in several nodes.
        init_std (float): Standard deviation of the initial weights. Larger
            ones disturbed the training of the network below. Defaults to
            0.001.
    """

    def __init__(
        self,
        channels: int,
        joints: Sequence[Sequence[int]],
        init_std: float = 0.001,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.counts = [len(part) for part in joints]
        total = sum(self.counts)
        self.weight = nn.Parameter(torch.empty(total, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(total))
        nn.init.normal_(self.weight, std=init_std)
        flat = [joint for part in joints for joint in part]
        # The mean over a node's joints, then over the nodes.
        shares = [
            1 / (count * len(joints))
            for count in self.counts
            for _ in range(count)
        ]
        self.register_buffer('joints', torch.tensor(flat), persistent=False)
        self.register_buffer('shares', torch.tensor(shares), persistent=False)

    def forward(self, nodes: Tensor) -> Tensor:
        """Predict heatmaps (B, J, H, W) from node maps (B, n c, H, W).

        J counts the joints of all nodes, node by node.
        """
        parts = zip(
            nodes.split(self.channels, dim=1),
            self.weight.split(self.counts),
            self.bias.split(self.counts),
        )
        return torch.cat([F.conv2d(*part) for part in parts], dim=1)

    def loss(self, nodes: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        """Mean over the nodes of the mean squared error of their joints.

        Args:
            nodes (Tensor): Node maps (B, n c, H, W).
            target (Tensor): Heatmaps of all joints (B, K, h, w).
            weights (Tensor): Weight of every joint (B, K), 0 for those
                without a label.

        Returns:
            Tensor: Scalar.
        """
        size = target.shape[2:]
        heatmaps = F.interpolate(
            self(nodes), size, mode='bilinear', align_corners=False
        )
        error = (heatmaps - target[:, self.joints]).square().mean((2, 3))
        return (error * weights[:, self.joints] * self.shares).sum(1).mean()

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        if f'{prefix}weight' in state_dict:
            super()._load_from_state_dict(state_dict, prefix, *args)
