"""Samples of a dataset without chance, from a cache (ours)."""

import copy
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import Compose
from torch import Tensor

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.knowledge_base import FeatureCache
from mmkbdm.models.knowledge_base.encode import file_identity

from .base import PoseTextDataset
from .encoded import SHARD, EncodedImages


class FixedSamples:
    """Images and conditions, kept or made anew, and moments of the images.

    Args:
        dataset (PoseTextDataset): Has the records.
        pipeline (Sequence[dict]): In place of its own; all images have one
            size.
        folder (Path): Of the caches.
        pixels (bool): Whether images and conditions are kept.
        vae (EncodedImages, optional): Makes the moments. Defaults to None.

    Raises:
        PreflightError: An image cannot be read, or has another size.
    """

    def __init__(
        self,
        dataset: PoseTextDataset,
        pipeline: Sequence[dict],
        folder: Path,
        pixels: bool,
        vae: EncodedImages | None = None,
    ) -> None:
        self.dataset = copy.copy(dataset)
        self.dataset.pipeline = Compose(pipeline)
        self.pixels = self.moments = None
        first = self._make(0)
        self.shape = first.shape
        # The first sample tells changes of the code.
        seen = hashlib.sha256(first.tobytes()).hexdigest()
        preprocessing = f'{[dict(step) for step in pipeline]} {seen}'
        infos = map(dataset.get_data_info, range(len(dataset)))
        identities = [_identity(info) for info in infos]
        if pixels:
            cache = FeatureCache(
                folder / 'pixels', preprocessing, SHARD, dtype=np.uint8
            )
            self.pixels = cache.rows(identities, self._make_all)
        if vae is not None:
            self.moments = vae.rows(
                folder / 'moments',
                preprocessing,
                identities,
                lambda row: self._images(row)[0],
            )

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Return ``condition``, and ``moments`` or else ``image``."""
        image, condition = self._images(index)
        if self.moments is None:
            return dict(image=image, condition=condition)
        moments = torch.from_numpy(self.moments[index])
        return dict(moments=moments, condition=condition)

    def _images(self, index: int) -> tuple[Tensor, Tensor]:
        kept = self.pixels is not None
        pixels = self.pixels[index] if kept else self._make(index)
        return torch.from_numpy(pixels).chunk(2)

    def _make_all(self, rows: range) -> np.ndarray:
        return np.stack([self._make(row) for row in rows])

    def _make(self, index: int) -> np.ndarray:
        """Run the pipeline: image and condition, uint8 (6, H, W)."""
        sample = self.dataset.prepare_data(index)
        if sample is None:
            path = self.dataset.get_data_info(index)['img_path']
            raise PreflightError(
                f'{path} is to be skipped, and cannot be cached: remove it '
                'from the annotations'
            )
        pixels = torch.cat([sample['image'], sample['condition']]).numpy()
        if pixels.shape != getattr(self, 'shape', pixels.shape):
            raise PreflightError(
                f'{sample["img_path"]} becomes {_size(pixels.shape)}, the '
                f'first image {_size(self.shape)}: let the pipeline end with '
                'one size, by mmkbdm.ResizeCenterCrop'
            )
        return pixels


def _size(shape: tuple[int, ...]) -> str:
    return f'{shape[2]}x{shape[1]} pixels'


def _identity(info: dict) -> str:
    poses = hashlib.sha256(info['poses'].tobytes()).hexdigest()
    return f'{file_identity(info["img_path"])} {poses}'
