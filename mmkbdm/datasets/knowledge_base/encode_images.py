"""Features of the images of a dataset, from a cache (ours)."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import Compose
from torch import Tensor, nn

from mmkbdm.models.knowledge_base.encode import image_features


def build_encoder(config: str) -> nn.Module:
    """Build an encoder, on a GPU where there is one.

    Args:
        config (str): Config file that describes it as ``features``.
    """
    # Its module registers encoders that need MMPose.
    from mmkbdm.evaluation.metrics.build_features import build_features

    return build_features(config)[0]


def encode_images(
    paths: Sequence[str],
    record: Callable[[int], dict],
    pipeline: Sequence[dict],
    encoder: nn.Module,
    cache: str | Path,
    batch_size: int = 64,
) -> np.ndarray:
    """Encode the images that are not in the cache yet.

    Args:
        paths (Sequence[str]): N files.
        record (Callable): Takes a position in ``paths`` and returns what
            enters the pipeline, see
            :class:`~mmkbdm.datasets.generation.PoseTextDataset`.
        pipeline (Sequence[dict]): Makes ``img`` of them, BGR of one size,
            without chance.
        encoder (nn.Module): Takes (B, 3, H, W) uint8 RGB and answers (B, d).
        cache (str | Path): Folder; they are in its subfolder ``images``.
        batch_size (int): Images at once. Defaults to 64.

    Returns:
        np.ndarray: (N, d) float32.
    """
    steps = Compose(pipeline)

    def load(index: int) -> Tensor:
        bgr = steps(dict(record(index)))['img']
        rgb = np.ascontiguousarray(bgr[..., ::-1].transpose(2, 0, 1))
        return torch.from_numpy(rgb)

    return image_features(
        encoder,
        paths,
        load,
        Path(cache) / 'images',
        # A step of a config file is a dict of a class of its own.
        preprocessing=str([dict(step) for step in pipeline]),
        batch_size=batch_size,
    )
