"""AP, CAP and PCE of generated people, as a protocol has them (ours)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .keypoint_ap import keypoint_ap
from .legacy import check_batches
from .people import (
    COCO_SIGMAS,
    Detections,
    Truth,
    detections_from_poses,
    truth_from_poses,
)
from .people_count import SCORE_THRESHOLD, people_count_error
from .pose_nms import pose_nms
from .pose_similarity import pose_similarity_ap
from .protocol import BATCH_SIZE, Protocol, standard

# People of an image that the published scripts take for its truth.
FIRST_PEOPLE = 10
# Where they put joints that are not visible.
MISSING_AT = -1.0


class Collected(NamedTuple):
    """What is to be scored.

    Args:
        detections (Detections): Poses found, after non-maximum suppression.
        truth (Truth): Poses asked for.
        counts (dict[str, int]): How many there are, and how many of them
            were left out and why.
    """

    detections: Detections
    truth: Truth
    counts: dict[str, int]


def collect_poses(
    true_poses: Sequence[np.ndarray],
    found_poses: Sequence[np.ndarray],
    found_scores: Sequence[np.ndarray],
    sigmas: np.ndarray = COCO_SIGMAS,
    protocol: Protocol | None = None,
) -> Collected:
    """Prepare poses by image for the metrics.

    Args:
        true_poses (Sequence): For each image (P, K, 3): x, y in pixels of
            the generated image and visibility (0 for not visible).
        found_poses (Sequence): For each image (D, K, 3): x, y in pixels of
            the generated image and score of the joint.
        found_scores (Sequence): For each image (D, ) scores of the people.
        sigmas (np.ndarray): (K, ). Defaults to COCO's.
        protocol (Protocol, optional): Defaults to None, the standard one.

    Returns:
        Collected: The counts are ``images``, ``images_dropped``,
        ``images_without_people``, ``images_without_detections``, those of
        :func:`truth_from_poses` and of :func:`detections_from_poses`,
        ``people_beyond_ten`` and ``detections_suppressed``. Always
        ``people_given = people_without_joints + people_beyond_ten + people``
        and ``detections_given = detections_invalid + detections_suppressed
        + detections``.
    """
    protocol = protocol or standard()
    if len(true_poses) != len(found_poses):
        raise ValueError(
            f'{len(true_poses)} images have a true pose, '
            f'{len(found_poses)} have been searched'
        )
    images = len(true_poses)
    if protocol.drop_last_batch:
        images -= images % BATCH_SIZE
    people_given = sum(map(len, true_poses[:images]))
    true_poses = true_poses[:images]
    if protocol.first_ten_people:
        true_poses = [one[:FIRST_PEOPLE] for one in true_poses]
    truth, counts = truth_from_poses(
        true_poses,
        whole_box=protocol.area_of_whole_box,
        missing_at=MISSING_AT if protocol.box_of_missing_joints else None,
    )
    counts['people_beyond_ten'] = people_given - counts['people_given']
    counts['people_given'] = people_given
    found, found_counts = detections_from_poses(
        found_poses[:images], found_scores[:images]
    )
    detections = found
    if not protocol.no_nms:
        detections = pose_nms(found, sigmas)
    with_people = np.bincount(truth.image, minlength=images) > 0
    with_detections = np.bincount(detections.image, minlength=images) > 0
    counts.update(
        found_counts,
        images=images,
        images_dropped=len(found_poses) - images,
        images_without_people=int((~with_people).sum()),
        images_without_detections=int((~with_detections).sum()),
        people=len(truth.image),
        detections=len(detections.image),
        detections_suppressed=len(found.image) - len(detections.image),
    )
    return Collected(detections, truth, counts)


def score_collected(
    collected: Collected,
    metrics: Sequence[str] = ('AP', 'CAP', 'PCE'),
    sigmas: np.ndarray = COCO_SIGMAS,
    protocol: Protocol | None = None,
) -> dict[str, float]:
    """Compute metrics of prepared poses.

    Args:
        collected (Collected): Of :func:`collect_poses`.
        metrics (Sequence[str]): Any of ``AP``, ``CAP`` and ``PCE``. Defaults
            to all of them.
        sigmas (np.ndarray): (K, ). Defaults to COCO's.
        protocol (Protocol, optional): The one that has prepared the poses.
            Defaults to None, the standard one.
    """
    protocol = protocol or standard()
    detections, truth, _ = collected
    images = truth.num_images
    check_batches(np.bincount(detections.image, minlength=images), protocol)
    result = {}
    if 'AP' in metrics:
        result.update(keypoint_ap(detections, truth, sigmas, protocol))
    if 'CAP' in metrics:
        result.update(pose_similarity_ap(detections, truth, sigmas, protocol))
    if 'PCE' in metrics:
        counted = detections.image
        if not protocol.count_all_detections:
            counted = counted[detections.scores > SCORE_THRESHOLD]
        found = np.bincount(counted, minlength=images)
        people = np.bincount(truth.image, minlength=images)
        result.update(people_count_error(found, people, protocol))
    return result


def score_poses(
    true_poses: Sequence[np.ndarray],
    found_poses: Sequence[np.ndarray],
    found_scores: Sequence[np.ndarray],
    sigmas: np.ndarray = COCO_SIGMAS,
    protocol: Protocol | None = None,
) -> dict[str, float]:
    """AP, CAP, PCE and all counts of images with their poses.

    Takes what :func:`collect_poses` takes. AP, AR and CAP lie in [0, 1],
    PCE is in people an image.

    Example:
        >>> pose = np.random.default_rng(0).uniform(0, 99, (1, 17, 3))
        >>> scores = score_poses([pose], [pose], [np.ones(1)])
        >>> [scores[name] for name in ('AP', 'CAP', 'PCE')]
        [1.0, 1.0, 0.0]
    """
    collected = collect_poses(
        true_poses, found_poses, found_scores, sigmas, protocol
    )
    result = score_collected(collected, sigmas=sigmas, protocol=protocol)
    return {**result, **collected.counts}
