"""Features of a pose estimator, where Inception's weights cannot be had."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmkbdm.registry import MODELS


@MODELS.register_module()
class PoseBackboneFeatures(nn.Module):
    """Last map of a pose estimator's backbone, averaged over its places.

    Ours. Distances by these features compare generators with each other;
    published FIDs are those of Inception.

    Args:
        config (str): Config of an estimator that MMPose can load.
        weights (str): Path or URL of its weights.
        size (tuple[int, int]): Width and height that pictures are resized
            to, in pixels; those that the estimator was trained with.

    Raises:
        PreflightError: Config or weights are not there.
    """

    def __init__(
        self, config: str, weights: str, size: tuple[int, int]
    ) -> None:
        super().__init__()
        from mmpose.apis import init_model

        from mmkbdm.evaluation.judges.mm_model import load_model

        estimator = load_model(
            init_model, config, weights, 'mmpose', 'cpu', lambda cfg: []
        ).model
        self.preprocessor = estimator.data_preprocessor
        self.backbone = estimator.backbone
        self.size = tuple(size)
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Embed pictures.

        Args:
            images (Tensor): (B, 3, H, W) uint8 RGB.

        Returns:
            Tensor: (B, C) float32, C the channels of the backbone.
        """
        pictures = F.interpolate(
            images.float(), self.size[::-1], mode='bilinear', antialias=True
        )
        # MMPose's own pipelines read BGR; the network says what it takes.
        if not self.preprocessor._channel_conversion:
            pictures = pictures.flip(1)
        if self.preprocessor._enable_normalize:
            pictures = pictures - self.preprocessor.mean
            pictures = pictures / self.preprocessor.std
        maps = self.backbone(pictures)
        last = maps[-1] if isinstance(maps, (tuple, list)) else maps
        return last.mean((-2, -1))
