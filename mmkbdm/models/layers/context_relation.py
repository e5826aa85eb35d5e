"""Context relation among the sub-feature maps of the nodes of one level.

Source: the top-down decomposition of RMPG (arXiv 2501.11069, abstract: the
context relations of the sub-feature maps give each its context information).
The formulas are ours.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from .sincos_position import sincos_position_2d

CONTEXTS = ('token', 'channel', 'none')
POSITIONS = ('sincos', 'none')


class ContextRelation(nn.Module):
    """Context information Z of every child of every node of a level.

    With Y the normalised map, Y' = Y + position encoding, pool an average
    over r x r pixels, and one group of convolution channels a node:
    Q = W_q * Y', K = W_k * pool(Y'), V = W_v * pool(Y). The relation is

    - ``token``: A = softmax(q . k / sqrt(d)) over the tokens (child,
      position) of all children of the node, a token having d channels;
    - ``channel``: A = softmax(q . k / sqrt(HW)) over the channels of all
      children, the Gram matrix of the node: linear in pixels;
    - ``none``: A = 1, the control without any relation: Z = V.

    and Z = A v, each token or channel back at its own place.

    Args:
        channels (int): Channels C of the whole map.
        num_nodes (int): Nodes n of the level, contiguous channel groups.
        num_children (int): Children g of each node, contiguous in the node.
        kernel_size (int): Convolution kernel k, odd. Defaults to 1.
        kv_pool (int): Pooling r of keys and values, token context only.
            Defaults to 1.
        context (str): ``token``, ``channel`` or ``none``.
        position (str): ``sincos`` or ``none``.
    """

    def __init__(
        self,
        channels: int,
        num_nodes: int,
        num_children: int,
        kernel_size: int = 1,
        kv_pool: int = 1,
        context: str = 'token',
        position: str = 'sincos',
    ) -> None:
        super().__init__()
        self.num_nodes = num_nodes
        self.num_children = num_children
        self.kv_pool = kv_pool
        self.context = context
        self.position = position
        # Without a relation, query and key would be parameters without use.
        # The output channels lie node by node, [q | k | v] within a node.
        self.num_parts = 1 if context == 'none' else 3
        self.projection = nn.Conv2d(
            channels,
            self.num_parts * channels,
            kernel_size,
            padding=kernel_size // 2,
            groups=num_nodes,
        )

    def forward(self, y: Tensor) -> Tensor:
        """Map the normalised Y (B, C, H, W) to the context Z (B, C, H, W)."""
        if self.context == 'none':
            return self.projection(y)
        query, key, value = self.project(y)
        if self.context == 'channel':
            tokens = [self._channels(t) for t in (query, key, value)]
            z = F.scaled_dot_product_attention(*tokens)
            return z.reshape(y.shape)
        tokens = [self._tokens(t) for t in (query, key, value)]
        z = F.scaled_dot_product_attention(*tokens)
        z = z.unflatten(2, (self.num_children, -1)).transpose(3, 4)
        return z.reshape(y.shape)

    def project(self, y: Tensor) -> list[Tensor]:
        """Queries (B, C, H, W), keys and values (B, C, H/r, W/r) of Y."""
        placed = y + self._encoding(y) if self.position == 'sincos' else y
        if self.kv_pool == 1:
            sources = [placed, placed, y]
        else:
            pooled = self._pool(y)
            pooled_placed = pooled if placed is y else self._pool(placed)
            sources = [placed, pooled_placed, pooled]
        return self._convolve(sources)

    def _encoding(self, y: Tensor) -> Tensor:
        channels = y.shape[1] // self.num_nodes
        encoding = sincos_position_2d(channels, *y.shape[2:], like=y)
        return encoding.repeat(1, self.num_nodes, 1, 1)

    def _pool(self, x: Tensor) -> Tensor:
        """Average r x r pixels; what juts out is averaged over what is."""
        return F.avg_pool2d(
            x, self.kv_pool, ceil_mode=True, count_include_pad=False
        )

    def _convolve(self, sources: Sequence[Tensor]) -> list[Tensor]:
        """Apply W_q, W_k, W_v, one convolution for equal neighbours."""
        conv = self.projection
        weight = conv.weight.unflatten(0, (self.num_nodes, self.num_parts, -1))
        bias = conv.bias.unflatten(0, (self.num_nodes, self.num_parts, -1))
        outputs: list[Tensor] = []
        while len(outputs) < self.num_parts:
            start = len(outputs)
            source = sources[start]
            stop = start + 1
            while stop < self.num_parts and sources[stop] is source:
                stop += 1
            out = F.conv2d(
                source,
                weight[:, start:stop].flatten(0, 2),
                bias[:, start:stop].flatten(),
                padding=conv.padding,
                groups=self.num_nodes,
            )
            parts = out.unflatten(1, (self.num_nodes, stop - start, -1))
            outputs += [part.flatten(1, 2) for part in parts.unbind(2)]
        return outputs

    def _tokens(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B n, 1, g H W, d), child by child."""
        d = x.shape[1] // (self.num_nodes * self.num_children)
        x = x.reshape(-1, self.num_children, d, x.shape[2] * x.shape[3])
        return x.transpose(2, 3).flatten(1, 2).unsqueeze(1)

    def _channels(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B n, 1, c, H W)."""
        c = x.shape[1] // self.num_nodes
        return x.reshape(-1, 1, c, x.shape[2] * x.shape[3])
