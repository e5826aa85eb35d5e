import json
from pathlib import Path

import numpy as np
import pytest
from coco_paths import COCO
from coco_reference import coco_scores, our_people
from synthetic_scenes import scenes

from mmkbdm.evaluation.functional import keypoint_ap

REAL = [
    COCO / 'test_coco.json',
    COCO.parent / 'humanart' / 'test_humanart.json',
]


def check(annotations, image_ids, found, scores):
    expected = coco_scores(annotations, image_ids, found, scores)
    result = keypoint_ap(*our_people(annotations, image_ids, found, scores))
    for name, value in expected.items():
        assert result[name] == pytest.approx(value, abs=1e-6, nan_ok=True), (
            name
        )
    return result


def annotate(true, rng):
    """COCO annotations with areas of masks, crowds and unlabelled people."""
    annotations = []
    for image, poses in enumerate(true):
        for pose in poses:
            low, high = pose[:, :2].min(0), pose[:, :2].max(0)
            width, height = high - low
            if rng.uniform() < 0.1:
                pose = pose * [1, 1, 0]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=image,
                    category_id=1,
                    keypoints=pose.reshape(-1).tolist(),
                    bbox=[*low, width, height],
                    area=width * height * rng.uniform(0.2, 0.8),
                    iscrowd=int(rng.uniform() < 0.1),
                )
            )
    return annotations


@pytest.mark.parametrize('seed', range(4))
def test_equals_cocoeval_on_random_people(seed):
    true, found, scores = scenes(120, seed, most=24)
    # Some images with more detections than count.
    found[3], scores[3] = np.tile(found[7], (12, 1, 1)), np.tile(scores[7], 12)
    found[5], scores[5] = found[5][:0], scores[5][:0]
    annotations = annotate(true, np.random.default_rng(seed))
    result = check(annotations, list(range(120)), found, scores)
    assert 0.2 < result['AP'] < 0.8


def test_equals_cocoeval_by_number_of_people():
    true, found, scores = scenes(150, seed=5)
    annotations = annotate(true, np.random.default_rng(5))
    for one in annotations:
        one['iscrowd'] = 0
    result = check(annotations, list(range(150)), found, scores)
    for name, fewest, most in (('1', 1, 1), ('2to3', 2, 3), ('4up', 4, 99)):
        only = [
            i for i, poses in enumerate(true) if fewest <= len(poses) <= most
        ]
        expected = coco_scores(annotations, range(150), found, scores, only)
        assert result[f'AP_{name}'] == pytest.approx(expected['AP'], abs=1e-6)


@pytest.mark.parametrize('path', REAL, ids=lambda path: path.stem)
@pytest.mark.parametrize('noise', [0, 0.05, 0.1])
def test_equals_cocoeval_on_real_annotations(path: Path, noise):
    if not path.exists():
        pytest.skip(f'no annotations at {path}')
    data = json.loads(path.read_text())
    rng = np.random.default_rng(0)
    image_ids = [one['id'] for one in data['images']]
    found, scores = [], []
    for i in image_ids:
        people = [
            one
            for one in data['annotations']
            if one['image_id'] == i and one['num_keypoints']
        ] * 3
        poses = np.reshape([one['keypoints'] for one in people], (-1, 17, 3))
        poses = poses.astype(float)
        size = np.sqrt([one['area'] for one in people])[:, None, None]
        poses[..., :2] += noise * size * rng.normal(size=(len(poses), 17, 2))
        poses[..., 2] = 0.5
        found.append(poses)
        scores.append(rng.uniform(size=len(poses)))
    result = check(data['annotations'], image_ids, found, scores)
    assert (result['AR'] == 1) == (noise == 0)
