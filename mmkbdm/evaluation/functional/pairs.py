"""Every detection of an image against every true person of it (ours)."""

from dataclasses import dataclass

import numpy as np

from .people import Detections, Truth, rank_in_image


@dataclass(frozen=True)
class Pairs:
    """Pairs of a detection and a true person of the same image.

    Args:
        detection (np.ndarray): (M, ) index into the detections.
        truth (np.ndarray): (M, ) index into the true people.
    """

    detection: np.ndarray
    truth: np.ndarray


def pairs_within_images(detections: Detections, truth: Truth) -> Pairs:
    """List all pairs, by detection and then by true person."""
    if detections.num_images != truth.num_images:
        raise ValueError(
            f'detections of {detections.num_images} images, truth of '
            f'{truth.num_images}'
        )
    people = np.bincount(truth.image, minlength=truth.num_images)
    first = np.cumsum(people) - people
    number = people[detections.image]
    detection = np.repeat(np.arange(len(detections.image)), number)
    place = np.arange(len(detection)) - np.repeat(
        np.cumsum(number) - number, number
    )
    return Pairs(detection, first[detections.image][detection] + place)


def to_matrices(
    values: np.ndarray, pairs: Pairs, detections: Detections, truth: Truth
) -> np.ndarray:
    """Lay the values of pairs out as one matrix an image.

    Args:
        values (np.ndarray): (M, ) one value a pair.

    Returns:
        np.ndarray: (images, detections, people) with minus infinity where an
        image has fewer than the most.
    """
    row = rank_in_image(detections.image, detections.num_images)
    column = rank_in_image(truth.image, truth.num_images)
    matrices = np.full(
        (
            truth.num_images,
            row.max(initial=-1) + 1,
            column.max(initial=-1) + 1,
        ),
        -np.inf,
    )
    matrices[
        detections.image[pairs.detection],
        row[pairs.detection],
        column[pairs.truth],
    ] = values
    return matrices
