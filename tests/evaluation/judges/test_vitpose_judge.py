"""A judge that needs no MMPose, on a real, tiny ViTPose."""

import json

import numpy as np
import pytest
import torch
from transformers import (
    VitPoseBackboneConfig,
    VitPoseConfig,
    VitPoseForPoseEstimation,
    VitPoseImageProcessor,
)

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.judges import TransformersViTPoseJudge

IMAGE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)


def save_tiny(folder, num_labels=17, **backbone) -> str:
    torch.manual_seed(0)
    config = VitPoseConfig(
        backbone_config=VitPoseBackboneConfig(
            image_size=(64, 48),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            out_indices=[2],
            **backbone,
        ),
        num_labels=num_labels,
    )
    model = VitPoseForPoseEstimation(config)
    for parameter in model.head.parameters():
        torch.nn.init.normal_(parameter)
    model.save_pretrained(folder)
    VitPoseImageProcessor(size=dict(height=64, width=48)).save_pretrained(
        folder
    )
    return str(folder)


class Boxes:
    def __init__(self, *counts):
        self.counts = counts

    def __call__(self, images):
        boxes = np.array([[5, 5, 30, 45], [20, 8, 48, 58.0]])
        return [(boxes[:n], np.array([0.9, 0.5])[:n]) for n in self.counts]

    def describe(self):
        return 'boxes'


@pytest.mark.parametrize('experts', [1, 2])
def test_poses_are_those_of_transformers(tmp_path, experts):
    path = save_tiny(tmp_path, num_experts=experts, part_features=4)
    judge = TransformersViTPoseJudge(path, detector=Boxes(2, 0, 1))
    found = judge.judge([IMAGE, IMAGE, IMAGE[::-1].copy()])
    assert [len(one['scores']) for one in found] == [2, 0, 1]
    # One call of the library on the first image, with its boxes x, y, w, h.
    boxes = [[[5.0, 5, 25, 40], [20.0, 8, 28, 50]]]
    inputs = judge.processor([IMAGE], boxes=boxes, return_tensors='pt')
    if experts > 1:
        inputs['dataset_index'] = torch.zeros(2, dtype=torch.long)
    with torch.no_grad():
        outputs = judge.model(**inputs)
    [people] = judge.processor.post_process_pose_estimation(
        outputs, boxes=boxes
    )
    for i, one in enumerate(people):
        np.testing.assert_allclose(
            found[0]['keypoints'][i], one['keypoints'], atol=1e-3
        )
        np.testing.assert_allclose(
            found[0]['keypoint_scores'][i], one['scores'], atol=1e-5
        )
    np.testing.assert_allclose(
        found[0]['bboxes'], [[5, 5, 30, 45], [20, 8, 48, 58]]
    )


def test_whole_image_and_order_of_channels(tmp_path):
    judge = TransformersViTPoseJudge(save_tiny(tmp_path))
    seen = []
    judge.model.register_forward_pre_hook(
        lambda _, args, named: seen.append(named['pixel_values']),
        with_kwargs=True,
    )
    red = np.zeros((64, 48, 3), np.uint8)
    red[..., 0] = 255
    [people] = judge.judge([red])
    assert people['bboxes'].tolist() == [[0, 0, 48, 64]]
    means = seen[0][0].amax(dim=(1, 2))
    expected = torch.tensor([1 - 0.485, -0.456, -0.406])
    expected /= torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(means, expected, rtol=0, atol=0.02)


def test_description(tmp_path):
    judge = TransformersViTPoseJudge(save_tiny(tmp_path))
    said = json.loads(json.dumps(judge.describe()))
    with torch.no_grad():
        next(judge.model.parameters()).add_(1)
    assert judge.describe()['parameters_sha256'] != said['parameters_sha256']


def test_what_is_no_vitpose_is_named(tmp_path):
    with pytest.raises(PreflightError, match='gone is no ViTPose'):
        TransformersViTPoseJudge(str(tmp_path / 'gone'))
    with pytest.raises(PreflightError, match='finds 14 joints'):
        TransformersViTPoseJudge(save_tiny(tmp_path, num_labels=14))
