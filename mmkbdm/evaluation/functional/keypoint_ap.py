"""COCO's keypoint AP and AR (https://cocodataset.org/#keypoints-eval)."""

import numpy as np

from .average_precision import THRESHOLDS, Matches, average_precision
from .legacy import batches_of, first_of_batches, mean_over_batches
from .matching import NO_MATCH, match_greedily, people_of
from .oks import oks_of_pairs, without_area
from .pairs import pairs_within_images, to_matrices
from .people import (
    COCO_SIGMAS,
    Detections,
    Truth,
    box_of,
    rank_in_image,
    select,
)
from .people_count import GROUPS, groups_by_people
from .protocol import Protocol, standard

# Detections of an image that count, the best ones.
MAX_DETECTIONS = 20

# Least and largest area in square pixels.
AREAS = {
    'all': (0, 1e10),
    'medium': (32**2, 96**2),
    'large': (96**2, 1e10),
}


def keypoint_ap(
    detections: Detections,
    truth: Truth,
    sigmas: np.ndarray = COCO_SIGMAS,
    protocol: Protocol | None = None,
) -> dict[str, float]:
    """AP and AR over OKS .50:.05:.95, by size and by number of people.

    Args:
        detections (Detections): Poses in pixels; the best 20 of an image
            count.
        truth (Truth): Poses and areas in pixels.
        sigmas (np.ndarray): (K, ). Defaults to COCO's.
        protocol (Protocol, optional): Defaults to None, the standard one,
            which is COCO's evaluation of the dataset.

    Returns:
        dict[str, float]: ``AP``, ``AP50``, ``AP75``, ``AP_medium``,
        ``AP_large``, ``AR``, ``AR_medium``, ``AR_large``, and ``AP_1``,
        ``AP_2to3``, ``AP_4up`` of the images with so many people (these
        always over the dataset). NaN where there is nobody to be found.
    """
    protocol = protocol or standard()
    detections, oks = _best_and_oks(detections, truth, sigmas)
    result = {}
    for name, limits in AREAS.items():
        matches = match_people(oks, detections, truth, protocol, limits)
        if name == 'all':
            result.update(summary(matches, 'AP', truth, protocol))
            continue
        precision, recall = batch_precision(matches, protocol)
        result[f'AP_{name}'] = float(precision.mean())
        result[f'AR_{name}'] = float(recall.mean())
    return result


def match_keypoints(
    detections: Detections,
    truth: Truth,
    sigmas: np.ndarray = COCO_SIGMAS,
    protocol: Protocol | None = None,
) -> Matches:
    """Return what AP is computed of, say to resample the images."""
    detections, oks = _best_and_oks(detections, truth, sigmas)
    return match_people(oks, detections, truth, protocol or standard())


def _best_and_oks(
    detections: Detections, truth: Truth, sigmas: np.ndarray
) -> tuple[Detections, np.ndarray]:
    detections = best_of_images(detections)
    pairs = pairs_within_images(detections, truth)
    oks = oks_of_pairs(detections, truth, pairs, sigmas)
    # Nobody can be measured against a person without area. As in CAP, that
    # person excuses a detection that finds nobody else.
    oks = np.where(without_area(truth)[pairs.truth], 1, oks)
    return detections, to_matrices(oks, pairs, detections, truth)


def best_of_images(detections: Detections) -> Detections:
    """Return the 20 best detections of each image."""
    rank = rank_in_image(detections.image, detections.num_images)
    return select(detections, rank < MAX_DETECTIONS)


def match_people(
    similarity: np.ndarray,
    detections: Detections,
    truth: Truth,
    protocol: Protocol,
    areas: tuple[float, float] = AREAS['all'],
) -> Matches:
    """Assign detections to people whose area lies within limits.

    Others may be found and need not, and detections that have found nobody
    count only if the box of their joints lies within the limits.

    Args:
        similarity (np.ndarray): (images, detections, people).
        areas (tuple[float, float]): Least and largest area in square pixels.
    """

    def outside(area: np.ndarray) -> np.ndarray:
        return (area < areas[0]) | (area > areas[1])

    ignored = truth.ignored | truth.crowd | outside(truth.areas)
    matched = match_greedily(similarity, people_of(truth, ignored), THRESHOLDS)
    place = rank_in_image(detections.image, detections.num_images)
    matched = matched[:, detections.image, place]
    counts = np.bincount(truth.image, minlength=truth.num_images)
    person = (np.cumsum(counts) - counts)[detections.image] + matched
    right = matched != NO_MATCH
    not_counted = np.zeros_like(right)
    not_counted[right] = ignored[person[right]]
    if protocol.id_zero_never_matches:
        batch, _ = batches_of(truth.num_images, protocol)
        zero = first_of_batches(truth.image, batch)
        right[right] = ~zero[person[right]]
    box = box_of(detections.joints[..., :2])
    not_counted |= ~right & outside(box[:, 2] * box[:, 3])
    return Matches(
        detections.image,
        detections.scores,
        right,
        not_counted,
        np.bincount(truth.image[~ignored], minlength=truth.num_images),
    )


def batch_precision(
    matches: Matches, protocol: Protocol
) -> tuple[np.ndarray, np.ndarray]:
    """Average precision (T, ) and recall (T, ) as the protocol has them."""
    batch, num_batches = batches_of(len(matches.people), protocol)
    precision, recall = average_precision(matches, batch, num_batches)
    return (
        mean_over_batches(precision, protocol),
        mean_over_batches(recall, protocol),
    )


def summary(
    matches: Matches, name: str, truth: Truth, protocol: Protocol
) -> dict[str, float]:
    """Return the numbers that AP and CAP have in common."""
    precision, recall = batch_precision(matches, protocol)
    result = {
        name: precision.mean(),
        f'{name}50': precision[0],
        f'{name}75': precision[5],
        name.replace('AP', 'AR'): recall.mean(),
    }
    people = np.bincount(truth.image[~truth.crowd], minlength=truth.num_images)
    group = groups_by_people(people)
    by_people, _ = average_precision(matches, group, len(GROUPS))
    for i, group_name in enumerate(GROUPS):
        if group_name != '0':
            result[f'{name}_{group_name}'] = by_people[i].mean()
    return {key: float(value) for key, value in result.items()}
