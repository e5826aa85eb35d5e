"""The training images that are nearest to a code (ours)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.build_from import build_from
from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.knowledge_base import ImageFeatures
from mmkbdm.models.knowledge_base import FeatureCodebook
from mmkbdm.registry import DATASETS


class TrainingImages(NamedTuple):
    """What stage 1 was trained on.

    Attributes:
        features (Tensor): (N, d), float32.
        load (Callable): Takes a position and returns the image, uint8
            (H, W, 3) RGB.
    """

    features: Tensor
    load: Callable[[int], np.ndarray]


class NearImages(NamedTuple):
    """Images of a code.

    Attributes:
        images (list[np.ndarray]): The nearest, uint8 (H, W, 3) RGB.
        count (int): All training images that the code stands for.
    """

    images: list[np.ndarray]
    count: int


def read_training_images(config: str) -> TrainingImages:
    """Read cached features and images of the training of stage 1.

    Args:
        config (str): Such as ``configs/kb_dmgen/kb_stage1_toy.py``.

    Raises:
        PreflightError: It is no config of stage 1, or data or encoder are
            not there.
    """
    cfg = read_config(config)
    dataset = (cfg.get('train_dataloader') or {}).get('dataset')
    if dataset is None or DATASETS.get(dataset.type) is not ImageFeatures:
        raise PreflightError(
            f'{config} is not of stage 1 of a knowledge base: its '
            'train_dataloader.dataset has to be mmkbdm.ImageFeatures, as in '
            'configs/kb_dmgen/kb_stage1_toy.py'
        )
    dataset = build_from(DATASETS, dataset, config)
    images = DATASETS.build(dict(dataset.dataset, test_mode=True))

    def load(index: int) -> np.ndarray:
        return images[index]['img'][..., ::-1]

    rows = [sample['features'] for sample in dataset.samples]
    return TrainingImages(torch.stack(rows), load)


def near_images(
    codebook: FeatureCodebook,
    training: TrainingImages,
    codes: Sequence[int],
    limit: int,
) -> dict[int, NearImages]:
    """Find the training images that are nearest to codes.

    Args:
        codebook (FeatureCodebook): Of stage 1.
        training (TrainingImages): Its data.
        codes (Sequence[int]): Codes.
        limit (int): Images of each at most.

    Raises:
        PreflightError: The features are of another size.
    """
    found = training.features.shape[1]
    if found != codebook.in_dim:
        raise PreflightError(
            f'the training images have features of {found} dimensions, the '
            f'codebook in_dim={codebook.in_dim}: take the config that it was '
            'trained with'
        )
    features = training.features.to(codebook.codes.device)
    similarity = codebook.similarity(features)
    owner = similarity.argmax(1)
    answer = {}
    for code in codes:
        nearest = similarity[:, code].topk(min(limit, len(features))).indices
        images = [training.load(int(index)) for index in nearest]
        answer[code] = NearImages(images, int((owner == code).sum()))
    return answer
