"""People of many images in flat arrays (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

# Of COCO keypoints, standard deviations relative to the person's size.
# fmt: off
COCO_SIGMAS = np.array([
    .026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062,
    .107, .107, .087, .087, .089, .089,
])
# fmt: on

# COCO's share of a person in its box, where no mask says better; the value
# that CrowdPose's evaluation takes too.
AREA_OF_BOX = 0.53

AnyPeople = TypeVar('AnyPeople', 'Truth', 'Detections')


@dataclass(frozen=True)
class Truth:
    """The people that should be seen, by image.

    Args:
        joints (np.ndarray): (N, K, 3) x, y in pixels and visibility, 0 for
            joints that do not count.
        image (np.ndarray): (N, ) index of the image, ascending.
        num_images (int): Images, those without people included.
        areas (np.ndarray): (N, ) area of the person in square pixels.
        boxes (np.ndarray): (N, 4) left, top, width and height in pixels.
            COCO asks them only of people without a visible joint.
        ignored (np.ndarray): (N, ) bool, people that may be found and need
            not.
        crowd (np.ndarray): (N, ) bool, people that may be found many times.
    """

    joints: np.ndarray
    image: np.ndarray
    num_images: int
    areas: np.ndarray
    boxes: np.ndarray
    ignored: np.ndarray
    crowd: np.ndarray


@dataclass(frozen=True)
class Detections:
    """The people that a judge has found, by image.

    Args:
        joints (np.ndarray): (N, K, 3) x, y in pixels and the joint's score.
            A NaN says that the joint was not found.
        image (np.ndarray): (N, ) index of the image, ascending.
        num_images (int): Images, those without detections included.
        scores (np.ndarray): (N, ) score of the person, best first within an
            image.
    """

    joints: np.ndarray
    image: np.ndarray
    num_images: int
    scores: np.ndarray


def truth_from_poses(
    poses: Sequence[np.ndarray],
    whole_box: bool = False,
    missing_at: float | None = None,
) -> tuple[Truth, dict[str, int]]:
    """Collect pose conditions.

    A person without a visible joint is not part of a condition and is left
    out. One whose area is 0 (one visible joint, or all in a line along an
    axis) has no OKS to speak of and is ignored.

    Args:
        poses (Sequence): For each image (P, K, 3): x, y in pixels of the
            generated image and visibility. A joint that is NaN counts as
            not visible.
        whole_box (bool): Take the whole box as area. Defaults to False,
            which is COCO's share of 0.53.
        missing_at (float, optional): Where the box puts joints that are not
            visible, in x and in y. Defaults to None, which leaves them out.

    Returns:
        tuple[Truth, dict]: The people, and the numbers of
        ``people_given``, ``people_without_joints``, ``people_without_area``
        and of ``nan_joints``.
    """
    joints, image = _concatenate(poses, 'poses')
    given = len(joints)
    nan = ~_finite(joints)
    joints[nan] = 0
    seen = (joints[..., 2] > 0).any(1)
    joints, image = joints[seen], image[seen]
    visible = joints[..., 2] > 0
    places = joints[..., :2]
    if missing_at is None:
        places = np.where(visible[..., None], places, np.nan)
    else:
        places = np.where(visible[..., None], places, missing_at)
    boxes = box_of(places)
    areas = boxes[:, 2] * boxes[:, 3] * (1 if whole_box else AREA_OF_BOX)
    truth = Truth(
        joints,
        image,
        len(poses),
        areas=areas,
        boxes=boxes,
        ignored=areas <= 0,
        crowd=np.zeros(len(joints), bool),
    )
    return truth, dict(
        people_given=given,
        people_without_joints=given - len(joints),
        people_without_area=int((areas <= 0).sum()),
        nan_joints=int(nan.sum()),
    )


def detections_from_poses(
    poses: Sequence[np.ndarray], scores: Sequence[np.ndarray]
) -> tuple[Detections, dict[str, int]]:
    """Collect a judge's answers, the best of each image first.

    Args:
        poses (Sequence): For each image (D, K, 3): x, y in pixels of the
            generated image and score of the joint.
        scores (Sequence): For each image (D, ) scores of the people.

    Returns:
        tuple[Detections, dict]: The people, and the numbers of
        ``detections_given`` and of ``detections_invalid``: a score that is
        not finite, or (COCO's rule) no joint with a score above 0.
    """
    if len(poses) != len(scores):
        raise ValueError(
            f'poses of {len(poses)} images have scores of {len(scores)}'
        )
    joints, image = _concatenate(poses, 'detections')
    score = np.concatenate(
        [np.zeros(0)] + [np.asarray(one, float).reshape(-1) for one in scores]
    )
    sizes = [len(one) for one in poses]
    if sizes != [np.size(one) for one in scores]:
        where = [a != np.size(b) for a, b in zip(sizes, scores)].index(True)
        raise ValueError(
            f'image {where} has {sizes[where]} detections and '
            f'{np.size(scores[where])} scores'
        )
    finite = _finite(joints)
    joints[~finite] = np.nan
    valid = np.isfinite(score) & (finite & (joints[..., 2] > 0)).any(1)
    detections = Detections(
        joints[valid], image[valid], len(poses), score[valid]
    )
    order = np.lexsort((-detections.scores, detections.image))
    return select(detections, order), dict(
        detections_given=len(joints),
        detections_invalid=int((~valid).sum()),
    )


def select(people: AnyPeople, index: np.ndarray) -> AnyPeople:
    """Return the people at ``index`` (a mask, or an order of them)."""
    return replace(
        people,
        **{
            field.name: getattr(people, field.name)[index]
            for field in fields(people)
            if field.name != 'num_images'
        },
    )


def rank_in_image(image: np.ndarray, num_images: int) -> np.ndarray:
    """Return the place (N, ) of each person among those of its image."""
    counts = np.bincount(image, minlength=num_images)
    return np.arange(len(image)) - (np.cumsum(counts) - counts)[image]


def box_of(places: np.ndarray) -> np.ndarray:
    """Return boxes (N, 4), left, top, width, height, around (N, K, 2).

    Places that are NaN do not count; without any other, the box is 0.
    """
    # NumPy reduces over a leading axis faster than over a short last one.
    places = np.ascontiguousarray(places.transpose(1, 2, 0))
    low = np.fmin.reduce(places, axis=0, initial=np.nan)
    high = np.fmax.reduce(places, axis=0, initial=np.nan)
    return np.nan_to_num(np.concatenate([low, high - low])).T


def _finite(joints: np.ndarray) -> np.ndarray:
    """Mask (N, K) of joints (N, K, 3) without NaN and infinity."""
    x, y, value = np.moveaxis(joints, -1, 0)
    return np.isfinite(x) & np.isfinite(y) & np.isfinite(value)


def _concatenate(
    poses: Sequence[np.ndarray], name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Join (P, K, 3) arrays to (N, K, 3), and say of which image each is."""
    arrays = [np.asarray(one, float) for one in poses]
    filled = [one for one in arrays if len(one)]
    for i, one in enumerate(arrays):
        if len(one) and (
            one.ndim != 3
            or one.shape[1:] != filled[0].shape[1:]
            or one.shape[2] != 3
        ):
            raise ValueError(
                f'{name} of image {i} have shape {one.shape}, not (people, '
                f'{filled[0].shape[1] if filled[0].ndim > 1 else "joints"}, 3)'
            )
    image = np.repeat(np.arange(len(arrays)), [len(one) for one in arrays])
    if not filled:
        return np.zeros((0, 0, 3)), image
    return np.concatenate(filled), image
