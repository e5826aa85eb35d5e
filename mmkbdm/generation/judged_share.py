"""Images generated and judged in memory, a share in each process (ours)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from torch import nn

from mmkbdm.evaluation.image_scores import embed
from mmkbdm.evaluation.inputs.fit import fit_poses
from mmkbdm.evaluation.judged import JudgedImage
from mmkbdm.evaluation.judges import Judge

from .contract import generate_images
from .picture import side_by_side


class Seen(NamedTuple):
    """What the processes tell each other of an image.

    Args:
        place (int): Among the images that are evaluated.
        image (JudgedImage): Without a file.
        features (tuple[np.ndarray, np.ndarray], optional): Of the generated
            and of the real image, (d, ) each.
        picture (np.ndarray, optional): For the eye, uint8 RGB.
    """

    place: int
    image: JudgedImage
    features: tuple[np.ndarray, np.ndarray] | None
    picture: np.ndarray | None


def see(
    generator,
    samples: Sequence[dict],
    places: Sequence[int],
    seed: int,
    judge: Judge,
    features: nn.Module | None = None,
    pictures: int = 0,
) -> list[Seen]:
    """Generate a batch and let the judge look at it.

    Args:
        generator: See ``contract.py``.
        samples (Sequence[dict]): Of
            :class:`~mmkbdm.datasets.transforms.PackGeneration`.
        places (Sequence[int]): Of the samples, see :class:`Seen`.
        seed (int): Of the run.
        judge (Judge): Finds the people.
        features (nn.Module, optional): Of the images, for FID and KID.
        pictures (int): The first so many places get a picture. Defaults
            to 0.
    """
    images = generate_images(generator, samples, seed)
    people = judge.judge(images)
    embedded = [None] * len(images)
    if features is not None:
        real = [sample['image'].permute(1, 2, 0).numpy() for sample in samples]
        embedded = list(zip(embed(features, images), embed(features, real)))
    return [
        Seen(
            place,
            _judged(sample, image, found),
            both,
            side_by_side(sample, image, found) if place < pictures else None,
        )
        for place, sample, image, found, both in zip(
            places, samples, images, people, embedded
        )
    ]


def _judged(sample: dict, image: np.ndarray, people: dict) -> JudgedImage:
    height, width = image.shape[:2]
    asked = tuple(sample['condition'].shape[-2:])
    return JudgedImage(
        name=str(sample['file_name']),
        path='',
        height=height,
        width=width,
        poses=fit_poses(sample['poses'].numpy(), asked, (height, width)),
        people=people,
        prompt=sample['prompt'],
        scenario=sample['scenario'],
    )
