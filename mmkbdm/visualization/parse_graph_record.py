"""What the levels of a parse graph did in one forward pass (ours)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mmkbdm.models.layers import (
    GatedBottleneck,
    LayerScale,
    ParseGraphLevel,
    ParseGraphSequence,
)


class Place(NamedTuple):
    """Where a level stands in a neck; all three are counted from 0."""

    graph: int
    stage: int
    level: int


class LevelRecord:
    """A level of a parse graph, and what went through it.

    Args:
        module (ParseGraphLevel): The level.
        before (Tensor): Its node maps U (C, H, W).
        branch (Tensor): What its gate lets in of the context (C, H, W),
            gamma * branch.
    """

    def __init__(
        self, module: ParseGraphLevel, before: Tensor, branch: Tensor
    ) -> None:
        self.module = module
        self.before = before
        self.branch = branch

    @property
    def after(self) -> Tensor:
        """The refined node maps (C, H, W)."""
        return self.before + self.branch

    @property
    def num_nodes(self) -> int:
        """Nodes n of the level."""
        return self.module.relation.num_nodes

    @property
    def num_children(self) -> int:
        """Children g of each node."""
        return self.module.relation.num_children

    @property
    def gamma(self) -> Tensor:
        """The gates (n, c) of every node."""
        gamma = self.module.gate.gamma.detach().cpu()
        return gamma.view(self.num_nodes, -1)

    def query_key(self) -> tuple[Tensor, Tensor]:
        """Queries (C, H, W) and keys (C, H/r, W/r) of the relation."""
        device = self.module.gate.gamma.device
        y = self.module.norm(self.before[None].to(device))
        query, key, _ = self.module.relation.project(y)
        return query[0].detach().cpu(), key[0].detach().cpu()

    def strength(self) -> Tensor:
        """Norm of the context at every position of every node (n, H, W).

        In units of the root mean square norm of the node's own map, so the
        root mean square over a node is :func:`context_strength` of it.
        """
        context, own = (
            m.unflatten(0, (self.num_nodes, -1)).norm(dim=1)
            for m in (self.branch, self.before)
        )
        scale = own.square().mean(dim=(1, 2), keepdim=True).sqrt()
        return context / scale.clamp_min(torch.finfo(scale.dtype).tiny)


def context_strength(strength: Tensor) -> Tensor:
    """||gamma * branch|| / ||U|| of every node (n,) from its map (n, H, W)."""
    return strength.square().mean(dim=(1, 2)).sqrt()


def named_levels(neck: nn.Module) -> dict[Place, ParseGraphLevel]:
    """Find all levels of an RMPG or a HierarchicalRMPG."""
    levels = {}
    for g, graph in enumerate(neck.graphs):
        body = graph.body if isinstance(graph, GatedBottleneck) else graph
        sequence = isinstance(body, ParseGraphSequence)
        for s, stage in enumerate(body.stages if sequence else [body]):
            for index, level in enumerate(stage.levels):
                levels[Place(g, s, index)] = level
    return levels


def outer_gates(neck: nn.Module) -> dict[int, LayerScale]:
    """Find the gates of the bottlenecks, by graph; none without them."""
    return {
        g: graph.gate
        for g, graph in enumerate(neck.graphs)
        if isinstance(graph, GatedBottleneck)
    }


@contextmanager
def recorded(neck: nn.Module) -> Iterator[dict[Place, LevelRecord]]:
    """Record the levels of a neck in the forward pass of the block.

    A parse graph that several feature maps share is recorded once for each
    map: the first part of a :class:`Place` then counts the maps. Use it for
    a single image.

    Args:
        neck (RMPG): The neck.

    Yields:
        dict[Place, LevelRecord]: Filled by the forward pass.
    """
    records: dict[Place, LevelRecord] = {}
    handles = []
    for place, level in named_levels(neck).items():
        hook = _recorder(records, place, level)
        handles.append(level.gate.register_forward_hook(hook))
    try:
        yield records
    finally:
        for handle in handles:
            handle.remove()


def _recorder(records: dict, place: Place, level: ParseGraphLevel):
    def record(gate: LayerScale, inputs: Sequence[Tensor], output) -> None:
        before, branch = (m.detach()[0].float().cpu() for m in inputs)
        gamma = gate.gamma.detach().float().cpu()
        target = place
        while target in records:  # a shared graph: the next feature map
            target = target._replace(graph=target.graph + 1)
        records[target] = LevelRecord(
            level, before, gamma.view(-1, 1, 1) * branch
        )

    return record
