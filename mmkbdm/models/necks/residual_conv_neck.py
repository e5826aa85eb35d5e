"""A plain convolutional neck, what RMPG has to beat."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmkbdm.models.layers import ResidualConv
from mmkbdm.registry import MODELS


@MODELS.register_module()
class ResidualConvNeck(BaseModule):
    """Residual 3x3 convolutions with the gates and the norm of RMPG (ours).

    The control in experiments: with ``mid_channels`` it gets as many
    parameters as the neck that it is compared with.

    Args:
        in_channels (int): Channels C of each feature map.
        mid_channels (int): Channels between the two convolutions of a block.
        num_blocks (int): Residual blocks. Defaults to 2.
        gate_init (float): Start of the gates; 0 is the identity. Defaults to
            0.

    Attributes:
        num_maps (str): ``'shared'``, the blocks refine every map.
    """

    num_maps = 'shared'

    def __init__(
        self,
        in_channels: int,
        mid_channels: int,
        num_blocks: int = 2,
        gate_init: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.blocks = nn.Sequential(
            *[
                ResidualConv(in_channels, mid_channels, gate_init)
                for _ in range(num_blocks)
            ]
        )

    @property
    def nodes(self) -> list[list[tuple[int, int]]]:
        """One stage of one level of one node, the whole map."""
        return [[(1, self.in_channels)]]

    def forward(self, feats: Tensor | Sequence[Tensor]):
        """Refine every feature map (B, C, H, W) by the same blocks.

        Returns:
            Tensor | tuple[Tensor] | list[Tensor]: The container, shapes and
            dtypes of the input.
        """
        if isinstance(feats, Tensor):
            return self.blocks(feats)
        return type(feats)([self.blocks(feat) for feat in feats])

    def forward_stages(self, feats: Tensor | Sequence[Tensor]):
        """Refine, and show each refined map as its only node.

        Returns:
            tuple: What :meth:`forward` returns, and for each feature map, in
            a list, its node maps ``[stage][level]``.
        """
        refined = self.forward(feats)
        maps = [refined] if isinstance(refined, Tensor) else refined
        return refined, [[[feat]] for feat in maps]
