"""Single rows of the context relation, and their averages (ours).

The relation of a node is a softmax over the tokens of all its children. Here
it is read off for a few query tokens at a time: the whole matrix, (g H W)^2
numbers a node, is never made.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def attention_rows(
    query: Tensor,
    key: Tensor,
    num_nodes: int,
    num_children: int,
    node: int,
    places: Sequence[tuple[int, int, int]],
    num_heads: int = 1,
) -> Tensor:
    """Attention of single query tokens of a node to all its key tokens.

    Args:
        query (Tensor): Queries of a level (C, H, W).
        key (Tensor): Its keys (C, H/r, W/r).
        num_nodes (int): Nodes n of the level.
        num_children (int): Children g of each node.
        node (int): The node, 0 to n - 1.
        places (Sequence[tuple[int, int, int]]): Child, row and column of the
            R query tokens.
        num_heads (int): Heads of each child, which are averaged. Defaults to
            1.

    Returns:
        Tensor: (R, g, H/r, W/r), each row sums to one.
    """
    query, key = (
        _children(m, num_nodes, num_children, node) for m in (query, key)
    )
    child, row, column = torch.tensor(places).unbind(1)
    return _softmax(query[child, :, row, column], key, num_heads)


def token_shares(
    query: Tensor,
    key: Tensor,
    num_nodes: int,
    num_children: int,
    node: int,
    chunk: int = 64,
    num_heads: int = 1,
) -> Tensor:
    """Share of attention that each child gives to each, over all positions.

    Args:
        query, key, num_nodes, num_children, node, num_heads: See
            :func:`attention_rows`.
        chunk (int): Query tokens at a time. Defaults to 64.

    Returns:
        Tensor: (g, g); row i is what child i gives, and sums to one.
    """
    query, key = (
        _children(m, num_nodes, num_children, node) for m in (query, key)
    )
    shares = []
    for child in query:
        parts = [
            _softmax(tokens, key, num_heads).sum(dim=(0, 2, 3))
            for tokens in child.flatten(1).T.split(chunk)
        ]
        shares.append(sum(parts) / child[0].numel())
    return torch.stack(shares)


def channel_shares(
    query: Tensor, key: Tensor, num_nodes: int, num_children: int, node: int
) -> Tensor:
    """As :func:`token_shares`, for the relation among channels.

    Its matrix is small: c x c for the c channels of the node.
    """
    query, key = (
        _children(m, num_nodes, num_children, node).flatten(2)
        for m in (query, key)
    )
    scores = query.flatten(0, 1) @ key.flatten(0, 1).T
    weights = (scores / query.shape[2] ** 0.5).softmax(dim=1)
    groups = (num_children, weights.shape[0] // num_children)
    weights = weights.unflatten(1, groups).sum(2)
    return weights.unflatten(0, groups).mean(1)


def _children(x: Tensor, num_nodes: int, num_children: int, node: int):
    """The children (g, d, H, W) of a node of a level (C, H, W)."""
    return x.unflatten(0, (num_nodes, num_children, -1))[node].float()


def _softmax(tokens: Tensor, key: Tensor, num_heads: int) -> Tensor:
    """Attention (R, g, h, w) of tokens (R, d) to keys (g, d, h, w)."""
    tokens = tokens.unflatten(1, (num_heads, -1))
    key = key.unflatten(1, (num_heads, -1))
    scores = torch.einsum('rmd,gmdhw->rmghw', tokens, key)
    scores = scores / key.shape[2] ** 0.5
    return scores.flatten(2).softmax(dim=2).view(scores.shape).mean(1)
