"""A judge's look at every image of a run (ours)."""

from collections.abc import Iterator, Sequence

import numpy as np
from mmengine.logging import print_log
from tqdm import tqdm

from mmkbdm.utils.errors import UnreadableImageError

from .inputs.fit import fit_image, fit_poses
from .inputs.item import ImageItem
from .inputs.read_image import read_image
from .judged import Evaluation, JudgedImage
from .judges import Judge

UNREADABLE = 'the image cannot be read'
OTHER_SIZE = 'the image is not of the annotated size'
UNKNOWN_SIZE = 'size of the annotation unknown'


def judge_images(
    items: Sequence[ImageItem],
    judge: Judge,
    images_given: int,
    excluded: dict[str, str],
    without_image: Sequence[str] = (),
    batch_size: int = 16,
    progress: bool = True,
    fit: str = 'crop',
) -> Evaluation:
    """Find the people of all images.

    Args:
        items (Sequence[ImageItem]): Images that have an annotation.
        judge (Judge): Gets ``batch_size`` images at a time, RGB.
        images_given (int): Images found, with those of ``excluded``.
        excluded (dict[str, str]): Reason by name of images that are not
            among the items.
        without_image (Sequence[str]): Annotations without an image.
        batch_size (int): Defaults to 16.
        progress (bool): Whether to show a bar. Defaults to True.
        fit (str): What to do with an image of another size than annotated:
            ``crop`` moves the poses as a resize with centre crop would,
            ``none`` excludes it, and one whose annotated size is unknown.
            Defaults to ``crop``.

    Returns:
        Evaluation: Images by name. What cannot be read is excluded.
    """
    excluded = dict(excluded)
    images = []
    readable = _read(tqdm(items, 'judging', disable=not progress), excluded)
    for batch in _batches(readable, fit, excluded, batch_size):
        people = judge.judge([pixels for _, pixels in batch])
        images += [
            _judged(item, pixels.shape[:2], found)
            for (item, pixels), found in zip(batch, people)
        ]
    images.sort(key=lambda image: image.name)
    return Evaluation(images, excluded, images_given, tuple(without_image))


def _read(
    items: Sequence[ImageItem], excluded: dict[str, str]
) -> Iterator[tuple[ImageItem, np.ndarray]]:
    for item in items:
        try:
            pixels = read_image(item.path)
        except UnreadableImageError as error:
            print_log(f'{item.name} is left out: {error}', logger='current')
            excluded[item.name] = UNREADABLE
            continue
        if item.size is not None:
            pixels = fit_image(pixels, item.size)
        yield item, pixels


def _batches(
    readable: Iterator[tuple[ImageItem, np.ndarray]],
    fit: str,
    excluded: dict[str, str],
    batch_size: int,
) -> Iterator[list[tuple[ImageItem, np.ndarray]]]:
    batch = []
    for item, pixels in readable:
        if fit == 'none' and item.annotated_size != pixels.shape[:2]:
            known = item.annotated_size is not None
            excluded[item.name] = OTHER_SIZE if known else UNKNOWN_SIZE
            continue
        batch.append((item, pixels))
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch


def _judged(
    item: ImageItem, size: tuple[int, int], people: dict
) -> JudgedImage:
    return JudgedImage(
        item.name,
        item.path,
        *size,
        poses=fit_poses(item.poses, item.annotated_size, size),
        people=people,
        prompt=item.prompt,
        scenario=item.scenario,
        reference=item.reference,
    )
