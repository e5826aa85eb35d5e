"""Pose similarity and its average precision, CAP.

Source: HumanSD (arXiv 2304.04269), whose scripts call it cosine similarity:
the x of the visible joints are brought to [0, 1] and then to length 1, so are
the y, and the cosine is taken of both together. That knows neither place nor
size, and neither aspect: each axis has its own unit. As all coordinates are
positive, poses that have nothing in common still come out well above 0.

What we do otherwise, where the scripts have a defect: see
:class:`~mmkbdm.evaluation.functional.Protocol`.
"""

from dataclasses import replace

import numpy as np

from .average_precision import Matches
from .keypoint_ap import best_of_images, match_people, summary
from .oks import CHUNK, check_sigmas
from .pairs import Pairs, pairs_within_images, to_matrices
from .people import COCO_SIGMAS, Detections, Truth
from .protocol import Protocol, standard


def pose_similarity_ap(
    detections: Detections,
    truth: Truth,
    sigmas: np.ndarray = COCO_SIGMAS,
    protocol: Protocol | None = None,
) -> dict[str, float]:
    """CAP: the AP of COCO with pose similarity in the place of OKS.

    A person whose similarity is undefined need not be found; in its image a
    detection that finds nobody else is excused. A detection whose similarity
    to a person is undefined cannot find that person. Both are counted.

    Args:
        detections (Detections): Poses; the best 20 of an image count.
        truth (Truth): Poses. Areas and ``ignored`` do not matter.
        sigmas (np.ndarray): (K, ), for ``divide_by_sigmas`` of the legacy
            protocol alone. Defaults to COCO's.
        protocol (Protocol, optional): Defaults to None, the standard one.

    Returns:
        dict[str, float]: ``CAP``, ``CAP50``, ``CAP75``, ``CAR`` (recall),
        and ``CAP_1``, ``CAP_2to3``, ``CAP_4up`` of the images with so many
        people; NaN where there is nobody to be found. Then the numbers of
        ``people_undefined`` and, of the other people, ``pairs_undefined``.
    """
    protocol = protocol or standard()
    matches, counts = match_similar(detections, truth, sigmas, protocol)
    return {**summary(matches, 'CAP', truth, protocol), **counts}


def match_similar(
    detections: Detections,
    truth: Truth,
    sigmas: np.ndarray = COCO_SIGMAS,
    protocol: Protocol | None = None,
) -> tuple[Matches, dict[str, int]]:
    """Return what CAP is computed of, and the numbers of undefined ones."""
    protocol = protocol or standard()
    detections = best_of_images(detections)
    pairs = pairs_within_images(detections, truth)
    values = similarity_of_pairs(
        detections,
        truth,
        pairs,
        sigmas if protocol.divide_by_sigmas else None,
        protocol.y_from_x,
    )
    no_person = undefined_people(truth)
    no_pair = np.isnan(values) & ~no_person[pairs.truth]
    counts = dict(
        people_undefined=int(no_person.sum()),
        pairs_undefined=int(no_pair.sum()),
    )
    # COCO's areas do not apply, those of the people are without meaning.
    truth = replace(
        truth,
        areas=np.ones(len(truth.image)),
        ignored=np.zeros(len(truth.image), bool),
    )
    if not protocol.nan_matches:
        values = np.where(no_pair, -np.inf, values)
        values = np.where(no_person[pairs.truth], 1, values)
        truth = replace(truth, ignored=no_person)
    matrices = to_matrices(values, pairs, detections, truth)
    return match_people(matrices, detections, truth, protocol), counts


def similarity_of_pairs(
    detections: Detections,
    truth: Truth,
    pairs: Pairs,
    sigmas: np.ndarray | None = None,
    y_from_x: bool = False,
) -> np.ndarray:
    """Pose similarity (M, ) in [0, 1] over the joints visible in the truth.

    NaN where an axis of either has no extent over these joints or the
    detection lacks one of them.

    Args:
        sigmas (np.ndarray, optional): (K, ) that divide the coordinates
            first (legacy). Defaults to None.
        y_from_x (bool): Take the detection's x for its y too (legacy).
            Defaults to False.
    """
    similarity = np.empty(len(pairs.truth))
    if not len(similarity):
        return similarity
    if sigmas is not None:
        check_sigmas(truth.joints, sigmas)
    x, y, visible = _by_joint(truth.joints)
    visible = visible > 0
    true = _unit(x, visible, sigmas), _unit(y, visible, sigmas)
    found = _by_joint(detections.joints)[:2]
    for start in range(0, len(similarity), CHUNK):
        part = slice(start, start + CHUNK)
        person = pairs.truth[part]
        x, y = found[:, :, pairs.detection[part]]
        shown = visible[:, person]
        x = _unit(x, shown, sigmas)
        y = x if y_from_x else _unit(y, shown, sigmas)
        total = true[0][:, person] * x + true[1][:, person] * y
        similarity[part] = total.sum(0) / 2
    return similarity


def undefined_people(truth: Truth) -> np.ndarray:
    """Mask (N, ) of people with no extent in x or in y."""
    x, y, visible = _by_joint(truth.joints)
    extents = [_low_and_extent(one, visible > 0)[1] for one in (x, y)]
    return np.minimum(*extents) <= 0


def _by_joint(joints: np.ndarray) -> np.ndarray:
    """(N, K, 3) as (3, K, N): NumPy is fast along a long last axis."""
    return np.ascontiguousarray(joints.transpose(2, 1, 0))


def _low_and_extent(
    values: np.ndarray, visible: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    low = np.where(visible, values, np.inf).min(0, initial=np.inf)
    high = np.where(visible, values, -np.inf).max(0, initial=-np.inf)
    return low, high - low


def _unit(
    values: np.ndarray, visible: np.ndarray, sigmas: np.ndarray | None
) -> np.ndarray:
    """Bring (K, N) coordinates to [0, 1], then to length 1."""
    if sigmas is not None:
        values = values / sigmas[:, None]
    low, extent = _low_and_extent(values, visible)
    with np.errstate(invalid='ignore', divide='ignore'):
        scaled = np.where(visible, (values - low) / extent, 0)
        return scaled / np.sqrt((scaled**2).sum(0))
