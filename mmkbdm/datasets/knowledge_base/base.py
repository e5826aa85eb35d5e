"""What the datasets of both stages share: features from a cache (ours)."""

from pathlib import Path

import numpy as np
from torch import nn
from torch.utils.data import Dataset

from mmkbdm.apis.distributed import main_process_first
from mmkbdm.registry import DATASETS

from .encode_images import build_encoder, encode_images


class FeatureDataset(Dataset):
    """Features of the images of a dataset for generation.

    What the cache does not have is computed by the main process when the
    dataset is initialised; the encoder is dropped afterwards.

    Args:
        dataset (dict): A :class:`~mmkbdm.datasets.generation.PoseTextDataset`
            whose pipeline makes ``img``, BGR of one size, without chance.
        encoder (str): Config file that describes the encoder as
            ``features``, such as those in ``configs/features``.
        cache (str): Folder of the cached features, one for each dataset and
            encoder.
        batch_size (int): Images that are encoded at once. Defaults to 64.
        lazy_init (bool): Whether to wait for :meth:`full_init`. Defaults to
            False.

    Raises:
        PreflightError: Data or encoder are not there.
    """

    def __init__(
        self,
        dataset: dict,
        encoder: str,
        cache: str,
        batch_size: int = 64,
        lazy_init: bool = False,
    ) -> None:
        self.dataset = dict(dataset)
        self.encoder = encoder
        self.cache = Path(cache)
        self.batch_size = batch_size
        self.samples = None
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict:
        """Name of the dataset, for evaluators."""
        return dict(dataset_name=type(self).__name__)

    def full_init(self) -> None:
        """Read the features, computing those that are not there."""
        if self.samples is None:
            self.samples = main_process_first(self.load)

    def load(self):
        """Return a sequence of samples, each a dict."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> dict:
        return self.samples[index]

    def build_encoder(self) -> nn.Module:
        """Build the encoder, on a GPU where there is one."""
        return build_encoder(self.encoder)

    def encode_images(self, encoder: nn.Module) -> tuple[np.ndarray, list]:
        """Return features (N, d) and prompts of all N images."""
        images = DATASETS.build(dict(self.dataset, pipeline=[]))
        infos = [images.get_data_info(i) for i in range(len(images))]
        features = encode_images(
            [info['img_path'] for info in infos],
            infos.__getitem__,
            self.dataset['pipeline'],
            encoder,
            self.cache,
            self.batch_size,
        )
        return features, [info['prompt'] for info in infos]
