"""The parse graph of a feature map: a tree of sub-feature maps.

Source: "Refinement Module based on Parse Graph of Feature Map for Human Pose
Estimation" (arXiv 2501.11069). Known from it: a map is split along the
channels into a tree, context relations among sub-feature maps give each its
context information, and bottom-up both are combined into refined sub-feature
maps that are concatenated. The equations are ours.
"""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from .combination import COMBINATIONS, AddCombination, FuseCombination
from .context_relation import CONTEXTS, POSITIONS, ContextRelation
from .layer_scale import LayerScale
from .node_norm import NORMS, build_node_norm


class ParseGraphLevel(nn.Module):
    """All nodes of one level of the tree, refined in one batched operation.

    The concatenation of refined children restores the layout of the parents,
    so a level never needs to know more than its contiguous channel groups.

    Args:
        channels (int): Channels C of the whole map.
        num_nodes (int): Nodes n of this level.
        num_children (int): Children g of each node.
        kernel_size, kv_pool, context, position, num_heads: See
            :class:`ContextRelation`.
        norm (str): ``layer``, ``group`` or ``none``.
        combine (str): ``fuse`` or ``add``.
        out_proj (bool): W_o of the ``add`` combination.
        gate_init (float): Start of the gate.
    """

    def __init__(
        self,
        channels: int,
        num_nodes: int,
        num_children: int,
        *,
        kernel_size: int,
        kv_pool: int,
        context: str,
        position: str,
        num_heads: int,
        norm: str,
        combine: str,
        out_proj: bool,
        gate_init: float,
    ) -> None:
        super().__init__()
        # As the convolutions that follow want it, see node_conv.py.
        last = kernel_size == 1
        self.norm = build_node_norm(norm, channels, num_nodes, last)
        self.relation = ContextRelation(
            channels,
            num_nodes,
            num_children,
            kernel_size,
            kv_pool,
            context,
            position,
            num_heads,
        )
        if combine == 'fuse':
            self.combination = FuseCombination(channels, num_nodes)
        else:
            self.combination = AddCombination(channels, num_nodes, out_proj)
        self.gate = LayerScale(channels, gate_init)

    def forward(self, x: Tensor) -> Tensor:
        """Refine every node of the level; (B, C, H, W) to the same."""
        y = self.norm(x)
        z = self.relation(y)
        return self.gate(x, self.combination(y, z))


class ParseGraph(nn.Module):
    """Refines a feature map bottom-up along its tree of channel groups.

    Level l of the tree has n_l nodes (n_0 = 1, n_l = product of
    ``groups[:l]``) of c_l = C / n_l channels; node (l, j) owns the channels
    [j c_l, (j + 1) c_l) and has ``groups[l]`` children. Every level, the
    deepest first, adds gamma * combination(Y, Z) to its nodes.

    Args:
        channels (int): Channels C of the map, a multiple of the product of
            ``groups``.
        groups (Sequence[int]): Children of a node, level by level from the
            root. Defaults to (2, 2, 2).
        kernel_size (int): Kernel k of the query, key and value convolutions,
            1 or 3. Defaults to 1.
        kv_pool (int): Keys and values are averaged over r x r pixels
            (``token`` context only). Defaults to 1.
        context (str): ``token``, ``channel`` or ``none``, see
            :class:`ContextRelation`. Defaults to ``token``.
        position (str): ``sincos``, ``rotary`` or ``none``. Defaults to
            ``sincos``.
        num_heads (int): Heads of each child (``token`` context only).
            Defaults to 1.
        norm (str): ``layer`` normalises every node at each position,
            ``group`` over its whole map, ``none`` does not. Defaults to
            ``layer``.
        combine (str): ``fuse`` or ``add``. Defaults to ``fuse``.
        out_proj (bool): Whether ``add`` has a 1x1 convolution W_o. Defaults
            to False.
        gate_init (float): Start of the gates gamma; 0 makes the whole graph
            the identity. Defaults to 0.

    Raises:
        ValueError: On a setting that does not exist, naming the argument, its
            value and what to change.

    Example:
        >>> import torch
        >>> graph = ParseGraph(64, groups=(2, 2))
        >>> x = torch.rand(1, 64, 16, 12)
        >>> torch.equal(graph(x), x)  # the gates start at zero
        True
    """

    def __init__(
        self,
        channels: int,
        groups: Sequence[int] = (2, 2, 2),
        kernel_size: int = 1,
        kv_pool: int = 1,
        context: str = 'token',
        position: str = 'sincos',
        combine: str = 'fuse',
        out_proj: bool = False,
        num_heads: int = 1,
        norm: str = 'layer',
        gate_init: float = 0.0,
    ) -> None:
        super().__init__()
        if not isinstance(groups, list | tuple):
            raise ValueError(
                f'groups={groups!r} must be a tuple of one int a level, such '
                'as (2, 2, 2)'
            )
        groups = tuple(groups)
        _check_tree(channels, groups)
        _check_choice('kernel_size', kernel_size, (1, 3))
        _check_choice('context', context, CONTEXTS)
        _check_choice('position', position, POSITIONS)
        _check_choice('combine', combine, COMBINATIONS)
        _check_choice('norm', norm, NORMS)
        _check_pool(kv_pool, context)
        if out_proj and combine == 'fuse':
            raise ValueError(
                "out_proj=True needs combine='add', got combine='fuse', "
                'which already ends in a 1x1 convolution'
            )
        _check_heads(channels, groups, num_heads, context, position)
        if context == 'none':
            position = 'none'  # only queries and keys carry the position
        self.channels = channels
        self.levels = nn.ModuleList(
            ParseGraphLevel(
                channels,
                math.prod(groups[:level]),
                num_children,
                kernel_size=kernel_size,
                kv_pool=kv_pool,
                context=context,
                position=position,
                num_heads=num_heads,
                norm=norm,
                combine=combine,
                out_proj=out_proj,
                gate_init=gate_init,
            )
            for level, num_children in enumerate(groups)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Refine a feature map.

        Args:
            x (Tensor): Feature map (B, C, H, W), any float dtype.

        Returns:
            Tensor: Refined map of the same shape and dtype.
        """
        for level in reversed(self.levels):
            x = level(x)
        return x

    @property
    def nodes(self) -> list[list[tuple[int, int]]]:
        """Nodes and channels (n_l, c_l) of every level of the one stage."""
        counts = [level.relation.num_nodes for level in self.levels]
        return [[(n, self.channels // n) for n in counts]]

    def forward_stages(self, x: Tensor) -> tuple[Tensor, list[list[Tensor]]]:
        """Refine a feature map and show the nodes on the way.

        Args:
            x (Tensor): Feature map (B, C, H, W).

        Returns:
            tuple: The refined map, and for the one stage the refined node
            maps of every level, root first, each (B, C, H, W) with node j of
            level l in the channels [j c_l, (j + 1) c_l).
        """
        maps = []
        for level in reversed(self.levels):
            x = level(x)
            maps.append(x)
        return x, [maps[::-1]]


def _check_tree(channels: int, groups: tuple[int, ...]) -> None:
    if not groups or any(not isinstance(g, int) or g < 1 for g in groups):
        raise ValueError(
            f'groups={groups} must hold one positive int a level, such as '
            '(2, 2, 2)'
        )
    leaves = math.prod(groups)
    if channels < 1 or channels % leaves:
        raise ValueError(
            f'{channels} channels cannot be split into the {leaves} leaves '
            f'of groups={groups}: change groups, or in_channels or '
            f'mid_channels to a multiple of {leaves}'
        )


def _check_choice(name: str, value: object, choices: tuple) -> None:
    if value not in choices:
        raise ValueError(f'{name}={value!r} must be one of {choices}')


def _check_pool(kv_pool: int, context: str) -> None:
    if not isinstance(kv_pool, int) or kv_pool < 1:
        raise ValueError(f'kv_pool={kv_pool!r} must be a positive int')
    if kv_pool > 1 and context != 'token':
        raise ValueError(
            f"kv_pool={kv_pool} needs context='token', got "
            f'context={context!r}, which is linear in pixels: set kv_pool=1'
        )


def _check_heads(
    channels: int,
    groups: tuple[int, ...],
    num_heads: int,
    context: str,
    position: str,
) -> None:
    if not isinstance(num_heads, int) or num_heads < 1:
        raise ValueError(f'num_heads={num_heads!r} must be a positive int')
    for name, value, special in (
        ('num_heads', num_heads, num_heads > 1),
        ('position', position, position == 'rotary'),
    ):
        if special and context != 'token':
            raise ValueError(
                f"{name}={value!r} needs context='token', got "
                f'context={context!r}, which has no tokens'
            )
    smallest = channels // math.prod(groups)
    parts = num_heads * (4 if position == 'rotary' else 1)
    if smallest % parts:
        raise ValueError(
            f'num_heads={num_heads}, position={position!r}: the smallest '
            f'children have {smallest} channels, which must be a multiple of '
            f'{parts}: change groups, or one of the two'
        )
