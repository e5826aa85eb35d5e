import numpy as np
import pytest
from synthetic_scenes import scenes

from mmkbdm.evaluation.functional import collect_poses, legacy, score_poses

POSE = np.random.default_rng(0).uniform(50, 99, (1, 17, 3)) + [0, 0, 1]


def ones(found):
    return [np.ones(len(one)) for one in found]


def test_conditions_themselves_are_perfect():
    true, _, _ = scenes(200, seed=0)
    one_joint = POSE * (np.arange(17) == 3)[:, None]
    true[:2] = [one_joint, np.concatenate([POSE, one_joint])]
    result = score_poses(true, true, ones(true))
    for name, value in result.items():
        if name[:2] in ('AP', 'AR', 'CA'):
            assert value == 1, name
        elif name.startswith('PCE'):
            assert value == 0, name
    assert result['people_without_area'] == result['people_undefined'] == 2


def test_perturbed_joints_score_lower():
    true, _, _ = scenes(150, seed=1)
    rng = np.random.default_rng(0)
    noise = [rng.normal(size=one[..., :2].shape) for one in true]
    scores = []
    for share in (0, 0.02, 0.05, 0.1, 0.2, 0.5, 1):
        found = []
        for pose, offset in zip(true, noise):
            height = np.ptp(pose[..., 1], axis=1) if len(pose) else 0
            pose = pose.copy()
            pose[..., :2] += share * offset * np.reshape(height, (-1, 1, 1))
            found.append(pose)
        scores.append(score_poses(true, found, ones(found)))
    for name in ('AP', 'AR', 'CAP', 'CAR'):
        values = [one[name] for one in scores]
        assert values[0] == 1
        assert (np.diff(values) <= 0).all(), (name, values)
    assert scores[-1]['AP'] < 0.01 and scores[-1]['CAP'] < 0.7


@pytest.mark.parametrize('protocol', [None, legacy()])
def test_counts_add_up(protocol):
    true, found, scores = scenes(83, seed=2)
    true[0] = POSE * [1, 1, 0]
    scores[2][:1] = np.nan
    found[3][:1, :, 2] = 0
    found[4][:1] = np.nan
    found[4][1:2, :, 0] = np.inf
    _, _, counts = collect_poses(true, found, scores, protocol=protocol)
    assert counts['images'] + counts['images_dropped'] == 83
    assert counts['people_given'] == (
        counts['people']
        + counts['people_without_joints']
        + counts['people_beyond_ten']
    )
    assert counts['people_without_joints'] == 1
    assert counts['detections_given'] == (
        counts['detections']
        + counts['detections_invalid']
        + counts['detections_suppressed']
    )
    assert counts['detections_invalid'] == 4


def test_nothing_at_all():
    for images in (0, 3):
        nobody = [POSE[:0]] * images
        result = score_poses(nobody, nobody, ones(nobody))
        assert np.isnan(result['AP']) and np.isnan(result['CAP'])
        assert result['images'] == images
    assert result['PCE'] == result['PCE_0'] == 0
    # Lists of nobody need not say how many joints nobody has.
    result = score_poses([POSE, []], [[], []], [[], []])
    assert (result['AP'], result['CAP'], result['PCE']) == (0, 0, 0.5)
    assert result['images_without_detections'] == 2
    result = score_poses([[]], [POSE], [[1.0]])
    assert np.isnan(result['AP']) and result['PCE'] == 1
    result = score_poses(
        [[]] * 4,
        [[]] * 4,
        [[]] * 4,
        protocol=legacy(fail_without_detections=False),
    )
    assert result['AP'] == result['CAP'] == -1 and np.isnan(result['PCE'])


def test_people_without_detections_lower_the_score():
    result = score_poses([POSE, POSE], [POSE, []], [[1.0], []])
    assert (result['AR'], result['PCE']) == (0.5, 0.5)


def test_not_a_number():
    true = POSE.copy()
    true[0, 2, 0] = np.nan
    result = score_poses([true], [POSE], [[1.0]])
    assert (result['AP'], result['CAP'], result['nan_joints']) == (1, 1, 1)
    # A joint that was not found is infinitely far.
    result = score_poses([POSE], [true], [[1.0]])
    assert result['AP50'] == 1 and result['AP'] == 0.9
    assert (result['CAP'], result['pairs_undefined']) == (0, 1)
    result = score_poses([true * np.nan], [POSE], [[1.0]])
    assert result['people_without_joints'] == 1 and result['PCE'] == 1


def test_more_than_ten_people():
    many = np.concatenate([POSE + [100 * i, 0, 0] for i in range(14)])
    result = score_poses([many], [many], [np.ones(14)])
    assert result['AP'] == result['AP_4up'] == result['CAP_4up'] == 1
    assert result['PCE_4up'] == 0 and np.isnan(result['PCE_1'])


def test_other_numbers_of_joints():
    pose = np.random.default_rng(0).uniform(1, 99, (2, 21, 3))
    sigmas = np.full(21, 0.05)
    assert score_poses([pose], [pose], [np.ones(2)], sigmas)['AP'] == 1
    with pytest.raises(ValueError, match='21 joints .* not 17'):
        score_poses([pose], [pose], [np.ones(2)])


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match='2 images .* 1 have been searched'):
        score_poses([POSE] * 2, [POSE], [np.ones(1)])
    with pytest.raises(ValueError, match='image 1 has 1 .* and 2 scores'):
        score_poses([POSE] * 2, [POSE] * 2, [np.ones(1), np.ones(2)])
    with pytest.raises(ValueError, match=r'image 1 have shape \(1, 17, 2\)'):
        score_poses([POSE] * 2, [POSE, POSE[..., :2]], [np.ones(1)] * 2)
