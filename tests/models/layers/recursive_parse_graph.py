"""The plain recursive definition of the parse graph, the reference in tests.

One node at a time, straight from the equations, on the parameters of a
:class:`~mmkbdm.models.layers.ParseGraph`. Nothing of its forward is used.
"""

import math

import torch
import torch.nn.functional as F

from mmkbdm.models.layers import NodeLayerNorm, sincos_position_2d


def refine(graph, x):
    """Refine x (B, C, H, W) along the tree of graph, recursively."""
    return _node(graph, 0, 0, x)


def _own(parameter, j, n):
    """The part of a level's parameter that belongs to node j of n."""
    return parameter.chunk(n)[j]


def _node(graph, depth, j, x):
    if depth == len(graph.levels):
        return x
    level = graph.levels[depth]
    n, g = level.relation.num_nodes, level.relation.num_children
    u = torch.cat(
        [
            _node(graph, depth + 1, j * g + i, part)
            for i, part in enumerate(x.chunk(g, dim=1))
        ],
        dim=1,
    )
    y = _normalise(level.norm, j, n, u)
    z = _context(level.relation, j, y)
    branch = _combine(level.combination, j, n, y, z)
    return u + _own(level.gate.gamma, j, n).view(1, -1, 1, 1) * branch


def _normalise(norm, j, n, u):
    if isinstance(norm, torch.nn.Identity):
        return u
    own = _own(norm.weight, j, n), _own(norm.bias, j, n)
    if isinstance(norm, NodeLayerNorm):
        y = F.layer_norm(u.movedim(1, -1), u.shape[1:2], *own, norm.eps)
        return y.movedim(-1, 1)
    return F.group_norm(u, 1, *own, norm.eps)


def _context(relation, j, y):
    n, g, r = relation.num_nodes, relation.num_children, relation.kv_pool
    conv = relation.projection
    weights = _own(conv.weight, j, n).chunk(relation.num_parts)
    biases = _own(conv.bias, j, n).chunk(relation.num_parts)

    def convolve(part, source):
        return F.conv2d(
            source, weights[part], biases[part], padding=conv.padding
        )

    if relation.context == 'none':
        return convolve(0, y)
    placed = y
    if relation.position == 'sincos':
        placed = y + sincos_position_2d(*y.shape[1:], like=y)
    q = convolve(0, placed)
    k = convolve(1, _pool(placed, r))
    v = convolve(2, _pool(y, r))
    if relation.context == 'channel':
        q, k, v = (t.flatten(2) for t in (q, k, v))
        a = (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1)
        return (a @ v).reshape(y.shape)
    children = [t.chunk(g, dim=1) for t in (q, k, v)]
    heads = [
        _attend(relation, i, *children) for i in range(relation.num_heads)
    ]
    return torch.cat([torch.cat(parts, dim=1) for parts in zip(*heads)], dim=1)


def _attend(relation, head, q, k, v):
    """A head of all children, lists of (B, d, H, W) to (B, d / h, H, W)."""
    h, r = relation.num_heads, relation.kv_pool
    size = q[0].shape[2:]
    q, k, v = ([child.chunk(h, dim=1)[head] for child in t] for t in (q, k, v))
    if relation.position == 'rotary':
        q = [_turn(child, size, 1) for child in q]
        k = [_turn(child, size, r) for child in k]
    q, k, v = (
        torch.cat([child.flatten(2) for child in t], dim=2) for t in (q, k, v)
    )  # (B, d / h, g P), one child after the other
    a = (q.transpose(1, 2) @ k / math.sqrt(q.shape[1])).softmax(-1)
    z = v @ a.transpose(1, 2)
    return [
        part.unflatten(2, size)
        for part in z.chunk(relation.num_children, dim=2)
    ]


def _turn(x, size, r):
    """Multiply pairs of channels by exp(i place frequency)."""
    quarter = x.shape[1] // 4
    parts = []
    for axis, part in enumerate(x.chunk(2, dim=1)):
        angle = torch.empty(quarter, *x.shape[2:])
        for cell in range(x.shape[2 + axis]):
            pixels = range(cell * r, min(cell * r + r, size[axis]))
            place = sum(pixels) / len(pixels)
            for step in range(quarter):
                angle[step].select(axis, cell)[:] = place * 100 ** (
                    -step / quarter
                )
        real, imaginary = part.chunk(2, dim=1)
        turned = torch.complex(real, imaginary) * torch.polar(
            torch.ones_like(angle), angle
        )
        parts += [turned.real, turned.imag]
    return torch.cat(parts, dim=1)


def _pool(x, r):
    if r == 1:
        return x
    # One operation, as fast as can be: the benchmark measures against it.
    return F.avg_pool2d(x, r, ceil_mode=True, count_include_pad=False)


def _combine(combination, j, n, y, z):
    def convolve(conv, source):
        return F.conv2d(
            source,
            _own(conv.weight, j, n),
            _own(conv.bias, j, n),
            padding=conv.padding,
        )

    if hasattr(combination, 'conv1'):
        hidden = convolve(combination.conv1, torch.cat([y, z], dim=1))
        return convolve(combination.conv2, hidden.relu())
    if isinstance(combination.out_proj, torch.nn.Identity):
        return z
    return convolve(combination.out_proj, z)
