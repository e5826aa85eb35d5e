"""The Inception network of FID, by torch-fidelity through torchmetrics."""

import torch
from torch import Tensor, nn

from mmkbdm.evaluation.weights import local_weights
from mmkbdm.registry import MODELS

# Of torch-fidelity, made from the TensorFlow graph of the paper's authors.
WEIGHTS = (
    'https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/'
    'weights-inception-2015-12-05-6726825d.pth'
)


@MODELS.register_module()
class InceptionFeatures(nn.Module):
    """The 2048 pooled features of Inception-v3, frozen.

    Args:
        weights (str): Path or URL of torch-fidelity's weights. Defaults to
            where it publishes them.

    Raises:
        PreflightError: The file is not there or cannot be downloaded.
    """

    num_features = 2048

    def __init__(self, weights: str = WEIGHTS) -> None:
        super().__init__()
        from torchmetrics.image.fid import NoTrainInceptionV3

        self.network = NoTrainInceptionV3(
            name='inception-v3-compat',
            features_list=[str(self.num_features)],
            feature_extractor_weights_path=str(
                local_weights(weights, 'name another --features')
            ),
        )
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Embed pictures.

        Args:
            images (Tensor): (B, 3, H, W) uint8 RGB.

        Returns:
            Tensor: (B, 2048) float32. The pictures are resized to 299x299
            with antialiasing.
        """
        return self.network(images)
