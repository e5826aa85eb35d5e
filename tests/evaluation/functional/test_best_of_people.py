import numpy as np
import pytest
from synthetic_scenes import scenes

from mmkbdm.evaluation.functional import (
    average_precision,
    best_oks_of_people,
    collect_poses,
    keypoint_ap,
    match_keypoints,
    match_similar,
    oks_of_images,
    pose_similarity_ap,
)

POSE = np.random.default_rng(0).uniform(50, 99, (1, 17, 3)) + [0, 0, 1]


def test_the_nearest_detection_tells():
    near, far = POSE + [1, 0, 0], POSE + [20, 0, 0]
    scores = [np.array([0.9, 0.1])]
    detections, truth, _ = collect_poses(
        [np.concatenate([POSE, POSE + [300, 0, 0]]), POSE],
        [np.concatenate([far, near]), []],
        [*scores, []],
    )
    best = best_oks_of_people(detections, truth)
    assert best[0] > 0.9 and best[1] < 1e-3 and best[2] == 0


def test_matches_lead_to_the_scores():
    detections, truth, _ = collect_poses(*scenes(40, seed=0))
    for matches, score in (
        (
            match_keypoints(detections, truth),
            keypoint_ap(detections, truth)['AP'],
        ),
        (
            match_similar(detections, truth)[0],
            pose_similarity_ap(detections, truth)['CAP'],
        ),
    ):
        assert average_precision(matches)[0].mean() == pytest.approx(score)


def one_joint(pose):
    """The pose of which only the first joint is visible."""
    return pose * (np.arange(17) == 0)[:, None]


def test_a_person_without_area_costs_no_detection():
    """Found a pixel off: nobody can say whether that is wrong."""
    asked = [POSE, one_joint(POSE)]
    found = [POSE, POSE + [1, 0, 0]]
    scores = [np.array([0.5]), np.array([0.9])]
    detections, truth, _ = collect_poses(asked, found, scores)
    assert keypoint_ap(detections, truth)['AP'] == 1
    best = best_oks_of_people(detections, truth)
    assert best[0] == 1 and np.isnan(best[1])
    total, people = oks_of_images(detections, truth)
    assert (total == [1, 0]).all() and (people == [1, 0]).all()
    # It excuses one detection, not two.
    found[1] = np.concatenate([found[1], POSE + [200, 0, 0]])
    detections, truth, _ = collect_poses(
        asked, found, [scores[0], np.array([0.9, 0.8])]
    )
    assert keypoint_ap(detections, truth)['AP'] == pytest.approx(0.5)
