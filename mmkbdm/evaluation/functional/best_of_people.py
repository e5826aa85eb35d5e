"""How well each person was hit, for histograms and lists of images (ours)."""

import numpy as np

from .oks import oks_of_pairs
from .pairs import pairs_within_images
from .people import COCO_SIGMAS, Detections, Truth


def best_oks_of_people(
    detections: Detections, truth: Truth, sigmas: np.ndarray = COCO_SIGMAS
) -> np.ndarray:
    """OKS (N, ) of the detection nearest to each person, 0 without any.

    Scores do not matter, and two people may share a detection: this tells
    how good a picture is, AP how good a set of them.
    """
    pairs = pairs_within_images(detections, truth)
    best = np.zeros(len(truth.image))
    oks = oks_of_pairs(detections, truth, pairs, sigmas)
    np.maximum.at(best, pairs.truth, oks)
    return best
