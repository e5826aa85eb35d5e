import numpy as np
import pytest
from legacy_loop import SIGMAS, similarity
from synthetic_scenes import scenes

from mmkbdm.evaluation.functional import (
    COCO_SIGMAS,
    detections_from_poses,
    pairs_within_images,
    pose_similarity_ap,
    similarity_of_pairs,
    truth_from_poses,
)


def prepare(true, found, scores=None):
    if scores is None:
        scores = [np.ones(len(one)) for one in found]
    truth, _ = truth_from_poses(true)
    return detections_from_poses(found, scores)[0], truth


def similarities(true, found, **kwargs):
    detections, truth = prepare(true, found)
    pairs = pairs_within_images(detections, truth)
    return similarity_of_pairs(detections, truth, pairs, **kwargs)


@pytest.mark.parametrize('y_from_x', [False, True])
def test_equals_the_definition_pair_by_pair(y_from_x):
    assert (SIGMAS == COCO_SIGMAS).all()
    true, found, scores = scenes(30, seed=1)
    detections, truth = prepare(true, found, scores)
    pairs = pairs_within_images(detections, truth)
    values = similarity_of_pairs(
        detections, truth, pairs, COCO_SIGMAS, y_from_x
    )
    expected = [
        similarity(detections.joints[d], truth.joints[t], y_from_x)
        for d, t in zip(pairs.detection, pairs.truth)
    ]
    assert len(expected) > 100
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_place_and_size_do_not_matter():
    true, found, _ = scenes(20, seed=2)
    moved = [one * [0.3, 0.3, 1] + [70, -20, 0] for one in found]
    plain = similarities(true, found)
    np.testing.assert_allclose(similarities(true, moved), plain, rtol=1e-9)
    assert plain.min() < 0.6
    own = similarities(true, [one * [2, 2, 1] + [9, 9, 0] for one in true])
    assert own.max() == pytest.approx(1)


def test_only_visible_joints_matter():
    true, found, _ = scenes(20, seed=3)
    for asked, seen in zip(true, found):
        if len(asked) and len(seen):
            asked[:, 5:, 2] = 0
            seen[:, 5:, :2] = 1e4
    same = [one.copy() for one in found]
    for one in same:
        one[:, 5:, :2] = -7
    np.testing.assert_array_equal(
        similarities(true, found), similarities(true, same)
    )


POSE = np.random.default_rng(0).uniform(50, 99, (1, 17, 3)) + [0, 0, 1]


def with_visible(joints):
    pose = POSE.copy()
    pose[:, :, 2] = 0
    pose[:, joints, 2] = 2
    return pose


def test_undefined_people_need_not_be_found():
    one_joint = with_visible([4])
    two = np.concatenate([POSE, one_joint])
    result = pose_similarity_ap(*prepare([two], [POSE]))
    assert (result['CAP'], result['people_undefined']) == (1, 1)
    # Who finds nobody else is excused, but one alone.
    point = np.full_like(POSE, 60)
    for points, expected in ((1, 1), (2, 0.5)):
        found = np.concatenate([point] * points + [POSE])
        scores = [np.linspace(0.9, 0.5, len(found))]
        result = pose_similarity_ap(*prepare([two], [found], scores))
        assert result['CAP'] == expected
    # Nobody to be found.
    assert np.isnan(pose_similarity_ap(*prepare([one_joint], [POSE]))['CAP'])


@pytest.mark.parametrize('defect', ['point', 'line', 'nan'])
def test_undefined_detections_find_nobody(defect):
    found = POSE.copy()
    if defect == 'point':
        found[..., :2] = 60
    elif defect == 'line':
        found[..., 1] = 60
    else:
        found[:, 3] = np.nan
    result = pose_similarity_ap(*prepare([POSE], [found]))
    assert (result['CAP'], result['pairs_undefined']) == (0, 1)
    assert result['people_undefined'] == 0
