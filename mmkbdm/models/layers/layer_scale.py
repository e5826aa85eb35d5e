"""A learnable gate per channel.

Source: LayerScale of "Going deeper with Image Transformers"
(arXiv 2103.17239). Different here: feature maps (B, C, H, W), and zero is the
usual start, so that the gated branch begins as absent.
"""

import torch
from torch import Tensor, nn


class LayerScale(nn.Module):
    """Adds a branch to its input, scaled by one learnable factor a channel.

    Args:
        channels (int): Channels C of both maps.
        init_value (float): Start of every factor. At 0 the output equals the
            input exactly and only ``gamma`` gets a gradient in the first
            step. Defaults to 0.
    """

    def __init__(self, channels: int, init_value: float = 0.0) -> None:
        super().__init__()
        self.init_value = init_value
        self.gamma = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every factor to its start."""
        nn.init.constant_(self.gamma, self.init_value)

    def forward(self, x: Tensor, branch: Tensor) -> Tensor:
        """Return ``x + gamma * branch`` in the shape and dtype of ``x``,
        and in its memory layout.

        Args:
            x (Tensor): Feature map (B, C, H, W).
            branch (Tensor): Feature map (B, C, H, W), any float dtype.
        """
        gamma = self.gamma.view(1, -1, 1, 1).to(x.dtype)
        return torch.addcmul(x, gamma, branch.to(x.dtype))
