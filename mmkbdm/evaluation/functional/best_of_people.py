"""How well each person was hit, for histograms and lists of images (ours)."""

import numpy as np

from .oks import oks_of_pairs, without_area
from .pairs import pairs_within_images
from .people import COCO_SIGMAS, Detections, Truth


def best_oks_of_people(
    detections: Detections, truth: Truth, sigmas: np.ndarray = COCO_SIGMAS
) -> np.ndarray:
    """OKS (N, ) of the detection nearest to each person, 0 without any.

    NaN for a person without area, who has no OKS.

    Scores do not matter, and two people may share a detection: this tells
    how good a picture is, AP how good a set of them.
    """
    pairs = pairs_within_images(detections, truth)
    best = np.zeros(len(truth.image))
    oks = oks_of_pairs(detections, truth, pairs, sigmas)
    np.maximum.at(best, pairs.truth, oks)
    best[without_area(truth)] = np.nan
    return best


def oks_of_images(
    detections: Detections, truth: Truth, sigmas: np.ndarray = COCO_SIGMAS
) -> tuple[np.ndarray, np.ndarray]:
    """Sum (I, ) of :func:`best_oks_of_people` of each image, and its people.

    Returns:
        tuple[np.ndarray, np.ndarray]: Sums, and the numbers of people with
        an area; a mean is the ratio of both.
    """
    best = best_oks_of_people(detections, truth, sigmas)
    measured = ~np.isnan(best)
    image, number = truth.image[measured], truth.num_images
    return (
        np.bincount(image, best[measured], minlength=number),
        np.bincount(image, minlength=number),
    )
