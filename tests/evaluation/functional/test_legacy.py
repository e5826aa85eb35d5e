"""Each defect of the published scripts, constructed."""

import numpy as np
import pytest
from legacy_loop import legacy_cap
from synthetic_scenes import scenes

from mmkbdm.evaluation.functional import (
    SWITCHES,
    Protocol,
    collect_poses,
    keypoint_ap,
    legacy,
    score_poses,
    standard,
    truth_from_poses,
)

POSE = np.random.default_rng(0).uniform(50, 99, (1, 17, 3)) + [0, 0, 1]
NOBODY, ONE = POSE[:0], np.ones(1)


def only(name):
    return Protocol(**{name: True})


def score(true, found, protocol, scores=None):
    if scores is None:
        scores = [np.ones(len(one)) for one in found]
    return score_poses(true, found, scores, protocol=protocol)


def before_and_after(name, true, found, metric, scores=None):
    return tuple(
        score(true, found, protocol, scores)[metric]
        for protocol in (standard(), only(name))
    )


def test_names():
    assert standard() == Protocol()
    assert all(getattr(legacy(), name) for name in SWITCHES)
    assert legacy(no_nms=False) == Protocol(
        **{name: name != 'no_nms' for name in SWITCHES}
    )
    with pytest.raises(TypeError, match='no_switch'):
        legacy(no_switch=True)


@pytest.mark.parametrize('seed', range(3))
def test_cap_equals_the_loop_over_pairs(seed):
    true, found, scores = scenes(42, seed)
    # Undefined pairs: one visible joint, and a detection without extent.
    true[1] = POSE * (np.arange(17) == 3)[:, None]
    found[1], scores[1] = np.concatenate([POSE, POSE + 5]), np.ones(2)
    found[2][:, :, 0] = 30
    expected = legacy_cap(true, found, scores)
    result = score(true, found, legacy(), scores)
    assert result['CAP'] == pytest.approx(expected, abs=1e-9)
    expected = legacy_cap(true, found, scores, y_from_x=False, id_zero=False)
    fewer = legacy(y_from_x=False, id_zero_never_matches=False)
    result = score(true, found, fewer, scores)
    assert result['CAP'] == pytest.approx(expected, abs=1e-9)


def test_y_from_x():
    # Upside down is as good as the right pose, ...
    wrong = POSE * [1, -1, 1]
    before, after = before_and_after('y_from_x', [POSE], [wrong], 'CAP')
    right = score([POSE], [POSE], only('y_from_x'))['CAP']
    assert before < after == right < 1
    # ... and any whose x are right where the true y are like the x.
    diagonal = POSE[..., [0, 0, 2]]
    wrong = diagonal.copy()
    wrong[..., 1] = wrong[:, ::-1, 1]
    before, after = before_and_after('y_from_x', [diagonal], [wrong], 'CAP')
    assert before < 0.7 and after == 1


def test_nan_matches():
    one_joint = POSE * np.where(np.arange(17) == 3, 1, 0)[:, None]
    noise = np.random.default_rng(1).uniform(0, 99, POSE.shape)
    before, after = before_and_after(
        'nan_matches', [one_joint], [noise], 'CAP'
    )
    assert np.isnan(before) and after == 1
    collapsed = np.full_like(POSE, 60)
    assert before_and_after('nan_matches', [POSE], [collapsed], 'CAP') == (
        0,
        1,
    )


def test_average_over_batches():
    # Three people in the first batch, two of them missed; one in the second.
    true = [POSE, POSE, POSE, NOBODY, POSE, NOBODY, NOBODY, NOBODY]
    found = [POSE, NOBODY, NOBODY, NOBODY, POSE] + [NOBODY] * 3
    first, all_images = 34 / 101, 51 / 101
    before, after = before_and_after('average_over_batches', true, found, 'AP')
    assert before == pytest.approx(all_images)
    assert after == pytest.approx((first + 1) / 2)
    # Scores need not compare between batches.
    far = POSE + [300, 0, 0]
    found = [far, NOBODY, NOBODY, NOBODY, POSE] + [NOBODY] * 3
    scores = [ONE, ONE[:0], ONE[:0], ONE[:0], ONE / 2] + [ONE[:0]] * 3
    before, after = before_and_after(
        'average_over_batches', true, found, 'AP', scores
    )
    assert before == pytest.approx(26 / 101 / 2)
    assert after == pytest.approx(1 / 2)


def test_average_over_batches_of_pce():
    true, found = [POSE] * 4 + [NOBODY], [POSE] * 5
    assert before_and_after(
        'average_over_batches', true, found, 'PCE'
    ) == pytest.approx((1 / 5, 1 / 2))


def test_empty_batch_is_minus_one():
    true = [POSE] * 4 + [NOBODY] * 4
    batches = Protocol(average_over_batches=True)
    both = Protocol(average_over_batches=True, empty_batch_is_minus_one=True)
    for metric in ('AP', 'CAP', 'AR'):
        assert score(true, true, batches)[metric] == 1
        assert score(true, true, both)[metric] == 0
    assert score([NOBODY], [POSE], both)['AP'] == -1


def test_fail_without_detections():
    true = [POSE] * 8
    found = [POSE] * 4 + [NOBODY] * 4
    with pytest.raises(ValueError, match='images 4 to 7.*=False goes on'):
        score(true, found, only('fail_without_detections'))
    found[7] = POSE
    assert score(true, found, only('fail_without_detections'))['AR'] == 0.625


def test_drop_last_batch():
    true, found = [POSE] * 6, [POSE] * 4 + [NOBODY] * 2
    before, after = before_and_after('drop_last_batch', true, found, 'AR')
    assert before == pytest.approx(4 / 6) and after == 1
    result = score(true, found, only('drop_last_batch'))
    assert (result['images'], result['images_dropped']) == (4, 2)
    assert (result['people_given'], result['detections_given']) == (4, 4)


def test_area_of_the_whole_box_forgives_more():
    true, found, scores = scenes(80, seed=1)
    before, after = before_and_after(
        'area_of_whole_box', true, found, 'AP', scores
    )
    assert after > before + 0.05
    area, whole = (
        truth_from_poses(true, whole_box=flag)[0].areas
        for flag in (False, True)
    )
    np.testing.assert_allclose(area, 0.53 * whole)


def test_box_of_missing_joints_reaches_the_corner():
    pose = POSE.copy()
    pose[:, 0, 2] = 0
    protocol = Protocol(box_of_missing_joints=True, area_of_whole_box=True)
    _, truth, _ = collect_poses([pose], [pose], [ONE], protocol=protocol)
    assert truth.areas == pytest.approx((pose[:, 1:, :2].max(1) + 1).prod())
    # The further from the corner, the more is forgiven.
    wrong = pose + [8, 0, 0]
    assert before_and_after(
        'box_of_missing_joints', [pose], [wrong], 'AP50'
    ) == (0, 1)
    far = [300, 300, 0]
    assert before_and_after(
        'box_of_missing_joints', [pose + far], [wrong + far * 1], 'AP'
    ) == (0, 1)


def test_first_ten_people():
    many = np.concatenate([POSE + [100 * i, 0, 0] for i in range(12)])
    before, after = before_and_after('first_ten_people', [many], [many], 'PCE')
    assert (before, after) == (0, 2)
    result = score([many], [many[:10]], only('first_ten_people'))
    assert (result['AP'], result['people_beyond_ten']) == (1, 2)
    assert result['people_given'] == result['people'] + 2


def test_id_zero_never_matches():
    two = np.concatenate([POSE, POSE + [200, 0, 0]])
    name = 'id_zero_never_matches'
    assert before_and_after(name, [two], [two], 'AR') == (1, 0.5)
    assert before_and_after(name, [two], [two], 'CAR') == (1, 0.5)
    # One in the dataset, or one in each batch.
    assert score([POSE] * 8, [POSE] * 8, only(name))['AR'] == 7 / 8
    both = Protocol(id_zero_never_matches=True, average_over_batches=True)
    assert score([POSE] * 8, [POSE] * 8, both)['AR'] == 3 / 4
    # The first image has nobody: the first person is in the second.
    true = [NOBODY, POSE, POSE, POSE]
    assert score(true, true, both)['AR'] == pytest.approx(2 / 3)


def test_divide_by_sigmas_knows_the_place():
    name = 'divide_by_sigmas'
    corner, moved = POSE - [50, 50, 0], POSE + [400, 400, 0]
    before, after = before_and_after(name, [corner], [moved], 'CAP')
    assert before == 1 and after < 0.9
    # Away from the corner the sigmas are all that matters.
    wrong = moved.copy()
    wrong[:, :, :2] = wrong[:, ::-1, :2]
    before, after = before_and_after(name, [moved], [wrong], 'CAP')
    assert before < 0.8 and after == 1


def test_count_all_detections():
    scores = [np.array([0.3])]
    assert before_and_after(
        'count_all_detections', [POSE], [POSE], 'PCE', scores
    ) == (1, 0)


def test_no_nms():
    twice = np.concatenate([POSE, POSE + [1, 0, 0]])
    scores = [np.array([0.8, 0.9])]
    assert before_and_after('no_nms', [POSE], [twice], 'PCE', scores) == (0, 1)


def test_misaligned_counts():
    two = np.concatenate([POSE, POSE + [200, 0, 0]])
    true = [NOBODY, POSE, two, NOBODY]
    # All are right, but 1 and 2 people meet the 0 and 1 of their left.
    assert before_and_after('misaligned_counts', true, true, 'PCE') == (0, 1)
    both = Protocol(misaligned_counts=True, average_over_batches=True)
    assert score(true + [POSE] * 4, true + [POSE] * 4, both)['PCE'] == 0.5
    assert score([NOBODY] * 4, [NOBODY] * 4, both)['PCE_0'] == 0


def test_switches_off_is_coco():
    true, found, scores = scenes(40, seed=4)
    detections, truth, _ = collect_poses(true, found, scores)
    assert (
        keypoint_ap(detections, truth)['AP']
        == (score(true, found, standard(), scores)['AP'])
    )
