"""Context relation among the sub-feature maps of the nodes of one level.

Source: the top-down decomposition of RMPG (arXiv 2501.11069, abstract: the
context relations of the sub-feature maps give each its context information).
The formulas are ours.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .node_conv import join_nodes, node_conv2d
from .rotary_position import axis_places, rotate_2d
from .sincos_position import sincos_position_2d

CONTEXTS = ('token', 'channel', 'none')
POSITIONS = ('sincos', 'rotary', 'none')


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

    and Z = A v, each token or channel back at its own place. With ``rotary``
    positions Y' = Y, and the tokens of query and key are turned by their
    place, keys by the centre of what was pooled. With h heads the d channels
    of a token are h tokens of d / h channels, each with a relation of its
    own.

    Args:
        channels (int): Channels C of the whole map.
        num_nodes (int): Nodes n of the level, contiguous channel groups.
        num_children (int): Children g of each node, contiguous in the node.
        kernel_size (int): Convolution kernel k, odd. Defaults to 1.
        kv_pool (int): Pooling r of keys and values, token context only.
            Defaults to 1.
        context (str): ``token``, ``channel`` or ``none``.
        position (str): ``sincos``, ``rotary`` (token context only) or
            ``none``.
        num_heads (int): Heads h of each child, token context only; they
            divide its channels. Defaults to 1.
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
        num_heads: int = 1,
    ) -> None:
        super().__init__()
        self.num_nodes = num_nodes
        self.node_channels = channels // num_nodes
        self.num_children = num_children
        self.kv_pool = kv_pool
        self.context = context
        self.position = position
        self.num_heads = num_heads
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
        """Map the normalised Y (B, C, H, W) to the context of every node.

        Returns:
            Tensor: Z (B, n, C / n, H, W), in the memory layout that its
            computation left; see :func:`join_nodes`.
        """
        nodes = self._project(y)
        if self.context == 'none':
            return nodes[0]
        if self.context == 'channel':
            tokens = [t.flatten(3) for t in nodes]
            z = F.scaled_dot_product_attention(*tokens)
            return z.view(nodes[0].shape)
        tokens = [self._tokens(t) for t in nodes]
        z = F.scaled_dot_product_attention(*tokens)
        # The channels of a node, d of every child, lie together again.
        z = z.transpose(1, 2).reshape(
            self.num_nodes, -1, *y.shape[2:], self.node_channels
        )
        return z.permute(1, 0, 4, 2, 3)

    def project(self, y: Tensor) -> list[Tensor]:
        """Queries (B, C, H, W), keys and values (B, C, H/r, W/r) of Y."""
        return [join_nodes(part) for part in self._project(y)]

    def _project(self, y: Tensor) -> list[Tensor]:
        """Query, key and value (B, n, c, H, W) of every node, or value."""
        conv = self.projection
        sources = self._sources(y)
        nodes = node_conv2d(sources, conv.weight, conv.bias)
        if self.position == 'rotary':
            query, key, value = nodes
            size = y.shape[2:]
            nodes = [self._turn(query, size, 1), self._turn(key, size), value]
        return nodes

    def _sources(self, y: Tensor) -> list[Tensor]:
        """Nodes that query, key and value are read from, or value."""
        nodes = y.unflatten(1, (self.num_nodes, -1))
        if self.context == 'none':
            return [nodes]
        placed = nodes
        if self.position == 'sincos':
            size = y.shape[2:]
            encoding = sincos_position_2d(self.node_channels, *size, like=y)
            placed = nodes + encoding.unsqueeze(1)
        if self.kv_pool == 1:
            return [placed, placed, nodes]
        pooled = self._pool(nodes)
        pooled_placed = pooled if placed is nodes else self._pool(placed)
        return [placed, pooled_placed, pooled]

    def _turn(
        self, nodes: Tensor, size: torch.Size, stride: int | None = None
    ) -> Tensor:
        """Turn the tokens of (B, n, c, H/r, W/r) by their place."""
        rows, columns = (
            axis_places(length, stride or self.kv_pool, like=nodes)
            for length in size
        )
        heads = (self.num_children * self.num_heads, -1)
        tokens = nodes.permute(0, 1, 3, 4, 2).unflatten(-1, heads)
        turned = rotate_2d(tokens, rows, columns).flatten(-2)
        return turned.permute(0, 1, 4, 2, 3)

    def _pool(self, nodes: Tensor) -> Tensor:
        """Average r x r pixels; what juts out is averaged over what is."""
        pooled = F.avg_pool2d(
            join_nodes(nodes),
            self.kv_pool,
            ceil_mode=True,
            count_include_pad=False,
        )
        return pooled.unflatten(1, nodes.shape[1:3])

    def _tokens(self, x: Tensor) -> Tensor:
        """(B, n, c, H, W) to (n B, h, H W g, d / h), child after child.

        The relation does not depend on the order of the tokens. In this one
        the tokens of a node are its map with the channels innermost, as the
        batched product of :func:`node_conv2d` leaves it.
        """
        num_tokens = x.shape[3] * x.shape[4] * self.num_children
        head = self.node_channels // (self.num_children * self.num_heads)
        tokens = x.permute(1, 0, 3, 4, 2).reshape(
            -1, num_tokens, self.num_heads, head
        )
        return tokens.transpose(1, 2)
