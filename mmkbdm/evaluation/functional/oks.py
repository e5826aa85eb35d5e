"""Object keypoint similarity of COCO.

Source: https://cocodataset.org/#keypoints-eval. With distance d of a joint,
the person's area A and the joint's sigma: the mean over the visible joints of
exp(-d^2 / (2 A (2 sigma)^2)).
"""

import numpy as np

from .pairs import Pairs
from .people import AREA_OF_BOX, Detections, Truth, box_of

# So many pairs at a time keep the intermediate arrays at some 20 MB.
CHUNK = 1 << 15


def oks_of_pairs(
    detections: Detections, truth: Truth, pairs: Pairs, sigmas: np.ndarray
) -> np.ndarray:
    """OKS (M, ) of the pairs.

    A joint that the detection lacks (NaN) counts as infinitely far. To a
    person without a visible joint the distance is that of all joints to the
    box of the person, taken three times as wide and high (COCO's rule).

    Args:
        sigmas (np.ndarray): (K, ), relative to the square root of the area.
    """
    check_sigmas(truth.joints, sigmas)
    check_sigmas(detections.joints, sigmas)
    oks = np.empty(len(pairs.truth))
    for start in range(0, len(oks), CHUNK):
        part = slice(start, start + CHUNK)
        found = detections.joints[pairs.detection[part]]
        person = pairs.truth[part]
        true = truth.joints[person]
        visible = true[..., 2] > 0
        offset = found[..., :2] - true[..., :2]
        hidden = ~visible.any(1)
        if hidden.any():
            offset[hidden] = _outside(
                found[hidden, :, :2], truth.boxes[person[hidden]]
            )
            visible[hidden] = True
        closeness = gauss(offset, truth.areas[person], sigmas)
        oks[part] = (closeness * visible).sum(1) / visible.sum(1)
    return oks


def without_area(truth: Truth) -> np.ndarray:
    """Mask (N, ) of ignored people whose area is 0: OKS means nothing."""
    return truth.ignored & (truth.areas <= 0)


def oks_between(
    first: np.ndarray, second: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    """OKS (M, ) between two detections, over all joints that both have.

    Args:
        first, second (np.ndarray): (M, K, 3) x, y in pixels and score. The
            area of a pair is the mean of the two, see
            :func:`area_of_detections`.
    """
    check_sigmas(first, sigmas)
    oks = np.empty(len(first))
    for start in range(0, len(oks), CHUNK):
        one, other = (x[start : start + CHUNK] for x in (first, second))
        areas = (area_of_detections(one) + area_of_detections(other)) / 2
        offset = one[..., :2] - other[..., :2]
        both = ~np.isnan(offset).any(-1)
        closeness = gauss(offset, areas, sigmas)
        oks[start : start + CHUNK] = closeness.sum(1) / both.sum(1).clip(1)
    return oks


def area_of_detections(joints: np.ndarray) -> np.ndarray:
    """Area (N, ) in square pixels of the box around all joints found."""
    box = box_of(joints[..., :2])
    return AREA_OF_BOX * box[:, 2] * box[:, 3]


def gauss(
    offset: np.ndarray, areas: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    """Closeness (M, K) in [0, 1] of joints that lie ``offset`` apart.

    Args:
        offset (np.ndarray): (M, K, 2) in pixels, NaN for a missing joint.
        areas (np.ndarray): (M, ) in square pixels.
        sigmas (np.ndarray): (K, ).
    """
    distance = (offset**2).sum(-1) / (2 * sigmas) ** 2
    # The spacing keeps an area of 0 from dividing 0 by 0, as in COCO's code.
    distance = distance / (areas[:, None] + np.spacing(1)) / 2
    return np.exp(-np.nan_to_num(distance, nan=np.inf, posinf=np.inf))


def check_sigmas(joints: np.ndarray, sigmas: np.ndarray) -> None:
    """Raise ``ValueError`` if there is not one sigma a joint."""
    if len(joints) and joints.shape[1] != len(sigmas):
        raise ValueError(
            f'poses of {joints.shape[1]} joints need as many sigmas, not '
            f'{len(sigmas)}'
        )


def _outside(places: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """How far (M, K, 2) places lie outside the tripled boxes (M, 4)."""
    low = (boxes[:, :2] - boxes[:, 2:])[:, None]
    high = (boxes[:, :2] + 2 * boxes[:, 2:])[:, None]
    return np.maximum(0, low - places) + np.maximum(0, places - high)
