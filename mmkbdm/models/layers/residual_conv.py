"""A gated residual block of two convolutions, the control of RMPG (ours)."""

from torch import Tensor, nn

from .layer_scale import LayerScale
from .node_norm import NodeLayerNorm


class ResidualConv(nn.Module):
    """x + gamma * conv(ReLU(conv(LayerNorm(x)))), both convolutions 3x3.

    Args:
        channels (int): Channels C of the map.
        mid_channels (int): Channels between the convolutions.
        gate_init (float): Start of gamma. Defaults to 0.
    """

    def __init__(
        self, channels: int, mid_channels: int, gate_init: float = 0.0
    ) -> None:
        super().__init__()
        self.norm = NodeLayerNorm(channels, num_nodes=1)
        self.conv1 = nn.Conv2d(channels, mid_channels, 3, padding=1)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(mid_channels, channels, 3, padding=1)
        self.gate = LayerScale(channels, gate_init)

    def forward(self, x: Tensor) -> Tensor:
        """Refine (B, C, H, W); same shape and dtype."""
        return self.gate(x, self.conv2(self.relu(self.conv1(self.norm(x)))))
