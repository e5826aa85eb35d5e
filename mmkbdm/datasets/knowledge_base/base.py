"""What the datasets of both stages share: features from a cache (ours)."""

from pathlib import Path

import numpy as np
import torch
from mmengine.dist import barrier, is_main_process
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmkbdm.models.knowledge_base.encode import image_features
from mmkbdm.registry import DATASETS


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
        if self.samples is not None:
            return
        # The others wait, and then find everything in the cache.
        try:
            if is_main_process():
                self.samples = self.load()
        finally:
            # They would wait for ever for a main process that has failed.
            barrier()
        if self.samples is None:
            self.samples = self.load()

    def load(self):
        """Return a sequence of samples, each a dict."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> dict:
        return self.samples[index]

    def build_encoder(self) -> nn.Module:
        """Build the encoder, on a GPU where there is one."""
        # Its module registers encoders that need MMPose.
        from mmkbdm.evaluation.metrics.build_features import build_features

        return build_features(self.encoder)[0]

    def encode_images(self, encoder: nn.Module) -> tuple[np.ndarray, list]:
        """Return features (N, d) and prompts of all N images."""
        images = DATASETS.build(dict(self.dataset, test_mode=True))
        infos = [images.get_data_info(i) for i in range(len(images))]

        def load(index: int) -> Tensor:
            bgr = images[index]['img']
            rgb = np.ascontiguousarray(bgr[..., ::-1].transpose(2, 0, 1))
            return torch.from_numpy(rgb)

        features = image_features(
            encoder,
            [info['img_path'] for info in infos],
            load,
            self.cache / 'images',
            preprocessing=str(self.dataset.get('pipeline')),
            batch_size=self.batch_size,
        )
        return features, [info['prompt'] for info in infos]
