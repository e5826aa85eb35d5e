"""Layer normalisation of every node of a tree level at once (ours)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORMS = ('layer', 'group', 'none')


def build_node_norm(
    norm: str, channels: int, num_nodes: int, channels_last: bool = True
) -> nn.Module:
    """Make the norm of a level.

    Args:
        norm (str): ``layer`` for :class:`NodeLayerNorm`; ``group`` for a
            :class:`torch.nn.GroupNorm` of one group a node, which keeps how
            the positions of a map differ; ``none``.
        channels (int): Channels C of the whole map.
        num_nodes (int): Nodes n of the level.
        channels_last (bool): See :class:`NodeLayerNorm`. Defaults to True.
    """
    if norm == 'none':
        return nn.Identity()
    if norm == 'group':
        return nn.GroupNorm(num_nodes, channels)
    return NodeLayerNorm(channels, num_nodes, channels_last=channels_last)


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
        channels_last (bool): Whether the answer lies channels-last in
            memory, as 1x1 convolutions of nodes want it, or contiguous, for
            others. Weights and gradients are applied in that layout: mixed
            ones take three times as long on a CPU. Defaults to True.
    """

    def __init__(
        self,
        channels: int,
        num_nodes: int,
        eps: float = 1e-5,
        channels_last: bool = True,
    ) -> None:
        super().__init__(num_nodes, channels, eps)
        self.channels_last = channels_last

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a map (B, C, H, W); same shape and dtype."""
        # Channels innermost, torch's own kernel is 4 to 8 times as fast on a
        # CPU as the moments over a middle dimension.
        nodes = x.movedim(1, -1).unflatten(-1, (self.num_groups, -1))
        if nodes.dtype in (torch.float16, torch.bfloat16):
            nodes = nodes.float()
        normed = F.layer_norm(nodes, nodes.shape[-1:], eps=self.eps)
        normed = normed.flatten(-2)
        weight, bias = self.weight, self.bias
        if not self.channels_last:
            normed = normed.movedim(-1, 1).contiguous()
            weight, bias = weight.view(-1, 1, 1), bias.view(-1, 1, 1)
        out = torch.addcmul(bias, normed, weight)
        if self.channels_last:
            out = out.movedim(-1, 1)
        return out.to(x.dtype)
