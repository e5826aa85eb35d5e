import numpy as np
from synthetic_scenes import scenes

from mmkbdm.evaluation.functional import detections_from_poses, pose_nms
from mmkbdm.evaluation.functional.oks import oks_between
from mmkbdm.evaluation.functional.people import COCO_SIGMAS


def loop(detections, threshold):
    stays = []
    for i in range(len(detections.image)):
        rivals = [
            j for j in stays if detections.image[j] == detections.image[i]
        ]
        repeats = any(
            oks_between(
                detections.joints[[j]], detections.joints[[i]], COCO_SIGMAS
            )
            > threshold
            for j in rivals
        )
        if not repeats:
            stays.append(i)
    return stays


def test_equals_a_loop():
    _, found, scores = scenes(60, seed=0)
    found = [np.concatenate([one, one + 0.7, one + 1.6]) for one in found]
    scores = [np.concatenate([one, one * 0.9, one * 0.5]) for one in scores]
    found[0][:, 4] = np.nan
    detections, _ = detections_from_poses(found, scores)
    kept = pose_nms(detections, COCO_SIGMAS)
    stays = loop(detections, 0.9)
    assert len(stays) < 0.9 * len(detections.image)
    np.testing.assert_array_equal(kept.joints, detections.joints[stays])
    np.testing.assert_array_equal(kept.scores, detections.scores[stays])


def test_oks_of_two_detections():
    pose = np.random.default_rng(0).uniform(0, 99, (1, 17, 3))
    other = pose + [3, 4, 0]
    box = np.ptp(pose[0, :, :2], axis=0).prod() * 0.53
    expected = np.exp(-25 / (2 * COCO_SIGMAS) ** 2 / box / 2)
    oks = oks_between(pose, other, COCO_SIGMAS)
    assert oks == np.mean(expected).round(15) or np.isclose(
        oks, expected.mean(), rtol=1e-9
    )
    # Joints that one of them lacks do not matter.
    other[:, 3:] = np.nan
    assert oks_between(other, other, COCO_SIGMAS) == 1
    assert oks_between(other, other * np.nan, COCO_SIGMAS) == 0
