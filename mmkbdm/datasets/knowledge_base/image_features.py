"""What stage 1 is trained on."""

import torch

from mmkbdm.registry import DATASETS

from .base import FeatureDataset


@DATASETS.register_module()
class ImageFeatures(FeatureDataset):
    """Image features, one sample an image (ours).

    A sample has ``features`` (torch.Tensor): float32 (d,), as the encoder
    answers them.

    Args:
        **kwargs: Of :class:`FeatureDataset`.
    """

    def load(self) -> list[dict]:
        """Read or compute the features of all images."""
        features, _ = self.encode_images(self.build_encoder())
        return [dict(features=row) for row in torch.from_numpy(features)]
