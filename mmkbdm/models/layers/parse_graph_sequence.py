"""Several parse graphs in sequence.

Source: the hierarchical network of RMPG (arXiv 2501.11069, abstract: several
modules in sequence model the hierarchy of the body). How the stages share one
feature map is ours.
"""

from collections.abc import Iterable

from torch import Tensor, nn

from .parse_graph import ParseGraph


class ParseGraphSequence(nn.Module):
    """Refines a feature map by one parse graph after the other.

    Args:
        stages (Iterable[ParseGraph]): The parse graphs, all on the same
            channels.
    """

    def __init__(self, stages: Iterable[ParseGraph]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)

    @property
    def nodes(self) -> list[list[tuple[int, int]]]:
        """Nodes and channels (n_l, c_l) of every level of every stage."""
        return [stage.nodes[0] for stage in self.stages]

    def forward(self, x: Tensor) -> Tensor:
        """Refine (B, C, H, W); same shape and dtype."""
        for stage in self.stages:
            x = stage(x)
        return x

    def forward_stages(self, x: Tensor) -> tuple[Tensor, list[list[Tensor]]]:
        """Refine a feature map and show the nodes on the way.

        Args:
            x (Tensor): Feature map (B, C, H, W).

        Returns:
            tuple: The refined map, and per stage the refined node maps of
            every level as :meth:`ParseGraph.forward_stages` gives them.
        """
        stages = []
        for stage in self.stages:
            x, levels = stage.forward_stages(x)
            stages += levels
        return x, stages
