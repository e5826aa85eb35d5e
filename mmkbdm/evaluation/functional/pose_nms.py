"""Non-maximum suppression of poses by OKS (greedy, as in MMPose)."""

import numpy as np

from .oks import oks_between
from .people import Detections, rank_in_image, select


def pose_nms(
    detections: Detections, sigmas: np.ndarray, threshold: float = 0.9
) -> Detections:
    """Drop poses that repeat a better one of the same image.

    Args:
        detections (Detections): N people, by image and descending score.
        sigmas (np.ndarray): (K, ), relative to the square root of the area.
        threshold (float): OKS above which two poses are one person; over
            all joints, area the mean of the two. Defaults to 0.9, MMPose's.

    Returns:
        Detections: Those that stay.
    """
    image = detections.image
    counts = np.bincount(image, minlength=detections.num_images)
    rank = rank_in_image(image, detections.num_images)
    later = counts[image] - rank - 1
    first = np.repeat(np.arange(len(image)), later)
    second = first + 1 + np.arange(len(first))
    second -= np.repeat(np.cumsum(later) - later, later)
    oks = oks_between(
        detections.joints[first], detections.joints[second], sigmas
    )
    same = oks > threshold
    first, second = first[same], second[same]
    stays = np.ones(len(image), bool)
    # Whoever ranks before has been decided on when its turn comes.
    for place in np.unique(rank[first]):
        turn = (rank[first] == place) & stays[first]
        stays[second[turn]] = False
    return select(detections, stays)
