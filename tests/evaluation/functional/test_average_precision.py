import numpy as np
from synthetic_scenes import scenes

from mmkbdm.evaluation.functional import (
    average_precision,
    detections_from_poses,
    truth_from_poses,
)
from mmkbdm.evaluation.functional.keypoint_ap import match_people
from mmkbdm.evaluation.functional.oks import oks_of_pairs
from mmkbdm.evaluation.functional.pairs import pairs_within_images, to_matrices
from mmkbdm.evaluation.functional.people import COCO_SIGMAS
from mmkbdm.evaluation.functional.protocol import standard


def matches_of(true, found, scores):
    truth, _ = truth_from_poses(true)
    detections, _ = detections_from_poses(found, scores)
    pairs = pairs_within_images(detections, truth)
    oks = oks_of_pairs(detections, truth, pairs, COCO_SIGMAS)
    oks = to_matrices(oks, pairs, detections, truth)
    return match_people(oks, detections, truth, standard())


def test_groups_are_data_sets_of_their_own():
    true, found, scores = scenes(60, seed=1)
    true[0:2], found[2:4], scores[2:4] = (
        [one[:0] for one in true[0:2]],
        [one[:0] for one in found[2:4]],
        [one[:0] for one in scores[2:4]],
    )
    group = np.random.default_rng(0).integers(2, 5, 60)
    group[:2], group[2:4], group[4] = 0, 1, -1
    matches = matches_of(true, found, scores)
    precision, recall = average_precision(matches, group, 5)
    assert np.isnan(precision[0]).all() and np.isnan(recall[0]).all()
    assert (precision[1] == 0).all() and (recall[1] == 0).all()
    for i in range(2, 5):
        chosen = np.flatnonzero(group == i)
        alone = matches_of(
            *([x[j] for j in chosen] for x in (true, found, scores))
        )
        np.testing.assert_allclose(
            precision[i], average_precision(alone)[0][0], rtol=1e-12
        )
        np.testing.assert_allclose(recall[i], average_precision(alone)[1][0])


def test_taken_images_are_a_data_set():
    lists = scenes(30, seed=2)
    chosen = np.random.default_rng(0).integers(0, 30, 40)
    taken = matches_of(*lists).take(chosen)
    repeated = matches_of(*([x[i] for i in chosen] for x in lists))
    np.testing.assert_allclose(
        average_precision(taken), average_precision(repeated), rtol=1e-12
    )


def test_many_people_reach_every_recall():
    # More people than recalls, each found by the only detection of an image.
    pose = np.random.default_rng(0).uniform(0, 99, (1, 17, 3))
    wrong = pose + [500, 0, 0]
    found = [pose] * 150 + [wrong] * 150
    scores = [np.ones(1)] * 150 + [np.zeros(1)] * 150
    precision, recall = average_precision(
        matches_of([pose] * 300, found, scores)
    )
    np.testing.assert_allclose(precision, 51 / 101)
    np.testing.assert_allclose(recall, 0.5)
