"""Pose metrics as functions on arrays; NumPy alone."""

from .average_precision import THRESHOLDS, Matches, average_precision
from .best_of_people import best_oks_of_people, oks_of_images
from .keypoint_ap import keypoint_ap, match_keypoints
from .oks import oks_of_pairs
from .pairs import Pairs, pairs_within_images, to_matrices
from .people import (
    COCO_SIGMAS,
    Detections,
    Truth,
    detections_from_poses,
    truth_from_poses,
)
from .people_count import people_count_error
from .pose_nms import pose_nms
from .pose_similarity import (
    match_similar,
    pose_similarity_ap,
    similarity_of_pairs,
)
from .protocol import (
    SWITCHES,
    Protocol,
    build_protocol,
    legacy,
    standard,
)
from .score_poses import (
    Collected,
    collect_poses,
    score_collected,
    score_poses,
)

__all__ = [
    'COCO_SIGMAS',
    'SWITCHES',
    'THRESHOLDS',
    'Collected',
    'Detections',
    'Matches',
    'Pairs',
    'Protocol',
    'Truth',
    'average_precision',
    'best_oks_of_people',
    'build_protocol',
    'collect_poses',
    'detections_from_poses',
    'keypoint_ap',
    'legacy',
    'match_keypoints',
    'match_similar',
    'oks_of_images',
    'oks_of_pairs',
    'pairs_within_images',
    'people_count_error',
    'pose_nms',
    'pose_similarity_ap',
    'score_collected',
    'score_poses',
    'similarity_of_pairs',
    'standard',
    'to_matrices',
    'truth_from_poses',
]
