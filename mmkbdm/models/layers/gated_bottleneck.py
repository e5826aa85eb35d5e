"""A module of few channels inside a map of many (ours)."""

from torch import Tensor, nn

from .layer_scale import LayerScale


class GatedBottleneck(nn.Module):
    """x + gamma * up(body(down(x))), two 1x1 convolutions around a body.

    The outer gate is the only factor that may be zero: were the gates inside
    the body zero as well, no path would carry a gradient to them. The body
    is therefore built with its gates at one.

    Args:
        channels (int): Channels C of the map.
        mid_channels (int): Channels of the body.
        body (nn.Module): Maps (B, mid_channels, H, W) to the same shape.
        gate_init (float): Start of gamma. Defaults to 0.
    """

    def __init__(
        self,
        channels: int,
        mid_channels: int,
        body: nn.Module,
        gate_init: float = 0.0,
    ) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, mid_channels, 1)
        self.body = body
        self.up = nn.Conv2d(mid_channels, channels, 1)
        self.gate = LayerScale(channels, gate_init)

    def forward(self, x: Tensor) -> Tensor:
        """Refine (B, C, H, W); same shape and dtype."""
        return self.gate(x, self.up(self.body(self.down(x))))

    @property
    def nodes(self) -> list[list[tuple[int, int]]]:
        """Nodes and channels of every level of every stage of the body."""
        return self.body.nodes

    def forward_stages(self, x: Tensor) -> tuple[Tensor, list[list[Tensor]]]:
        """Refine (B, C, H, W) and show the node maps of the body.

        Returns:
            tuple: The refined map, and per stage and level the node maps
            (B, mid_channels, H, W).
        """
        branch, stages = self.body.forward_stages(self.down(x))
        return self.gate(x, self.up(branch)), stages
