import json

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.evaluation import OccludedAP

METAINFO = parse_pose_metainfo(
    dict(from_file='configs/_base_/datasets/coco.py')
)


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=1, num_val=12, size=96, max_people=3)
    return root / 'annotations' / 'val.json'


def evaluate(path, move):
    """Score the truth itself, its joints moved by move(visibility)."""
    metric = OccludedAP(str(path))
    metric.dataset_meta = METAINFO
    anns = json.loads(path.read_text())['annotations']
    for ann in anns:
        keypoints = np.array(ann['keypoints'], float).reshape(1, 17, 3)
        x, y, w, h = ann['bbox']
        metric.process(
            None,
            [
                dict(
                    id=ann['id'],
                    img_id=ann['image_id'],
                    category_id=1,
                    gt_instances=dict(
                        bbox_scales=np.array([[w, h]]),
                        bbox_scores=np.ones(1),
                        bboxes=np.array([[x, y, x + w, y + h]]),
                    ),
                    pred_instances=dict(
                        keypoints=keypoints[..., :2]
                        + move(keypoints[..., 2:]),
                        keypoint_scores=np.ones((1, 17)),
                    ),
                )
            ],
        )
    return metric.evaluate(len(anns))


def test_only_occluded_joints_count(toy):
    # Some people without an occluded joint, which are to be ignored.
    data = json.loads(toy.read_text())
    for ann in data['annotations'][::2]:
        ann['keypoints'][2::3] = [2 * (v > 0) for v in ann['keypoints'][2::3]]
    toy.write_text(json.dumps(data))
    # -1 is what COCO answers when there is no medium or large person.
    assert evaluate(toy, lambda v: 0 * v)['occluded/AP'] == 1
    assert evaluate(toy, lambda v: 8 * (v == 2))['occluded/AP'] == 1
    assert evaluate(toy, lambda v: 50 * (v == 1))['occluded/AP'] < 0.1
