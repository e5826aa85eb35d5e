"""A detector's boxes are MMDetection's, of its classes of people alone."""

import copy

import numpy as np
import pytest
import torch
from mmdet.apis import inference_detector, init_detector
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from tiny_models import top_down, write_model

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.judges import MMDetDetector, MMPoseJudge, WholeImage

IMAGES = [
    np.random.default_rng(i).integers(0, 256, (60 + 9 * i, 80, 3), np.uint8)
    for i in range(3)
]


def small_detector() -> Config:
    """Human-Art's detector, narrow, for inputs of 64x64 pixels."""
    cfg = get_config('mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py')
    cfg.model.backbone.update(
        deepen_factor=0.01, widen_factor=0.125, init_cfg=None
    )
    cfg.model.neck.update(
        in_channels=[32, 64, 128], out_channels=16, num_csp_blocks=1
    )
    cfg.model.bbox_head.update(in_channels=16, feat_channels=16, num_classes=3)
    pipeline = cfg.test_dataloader.dataset.pipeline
    pipeline[1].scale = pipeline[2].size = (64, 64)
    return cfg


@pytest.fixture(scope='module')
def detector_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp('detector')
    cfg = small_detector()
    files = dict(
        config=str(folder / 'tiny.py'), weights=str(folder / 'tiny.pth')
    )
    cfg.dump(files['config'])
    torch.manual_seed(1)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = init_detector(copy.deepcopy(cfg), device='cpu')
    for name, parameter in model.named_parameters():
        if 'rtm_cls' in name:
            torch.nn.init.normal_(parameter, std=0.5)
    torch.save(dict(state_dict=model.state_dict(), meta={}), files['weights'])
    return files


def test_boxes_are_those_of_mmdetection(detector_files):
    detector = MMDetDetector(
        **detector_files, cat_ids=(0, 2), bbox_thr=0.4, batch_size=2
    )
    found = detector(IMAGES)
    assert all(len(scores) for _, scores in found)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = init_detector(**_named(detector_files), device='cpu')
        for image, (boxes, scores) in zip(IMAGES, found):
            people = inference_detector(
                model, np.ascontiguousarray(image[..., ::-1])
            ).pred_instances.numpy()
            chosen = (people.labels != 1) & (people.scores >= 0.4)
            assert 0 < chosen.sum() < len(chosen)
            np.testing.assert_allclose(boxes, people.bboxes[chosen], atol=1e-3)
            np.testing.assert_allclose(
                scores, people.scores[chosen], atol=1e-5
            )


def test_judge_looks_into_its_boxes(detector_files, tmp_path):
    detector = dict(
        type='mmkbdm.MMDetDetector', **detector_files, bbox_thr=0.4
    )
    judge = MMPoseJudge(**write_model(tmp_path, top_down()), detector=detector)
    boxes = MMDetDetector(**detector_files, bbox_thr=0.4)(IMAGES)
    for people, (places, _) in zip(judge.judge(IMAGES), boxes):
        np.testing.assert_allclose(people['bboxes'], places, atol=1e-3)
    said = judge.describe()['detector']
    assert said['cat_ids'] == [0] and len(said['sha256']) == 64


def test_nobody_found_is_nobody(detector_files, tmp_path):
    detector = MMDetDetector(**detector_files, bbox_thr=1.0)
    judge = MMPoseJudge(**write_model(tmp_path, top_down()), detector=detector)
    assert [len(one['scores']) for one in judge.judge(IMAGES)] == [0, 0, 0]


def test_missing_weights_are_named(detector_files):
    with pytest.raises(PreflightError, match='gone.pth does not exist'):
        MMDetDetector(detector_files['config'], 'gone.pth')


def test_whole_image():
    [(box, score)] = WholeImage()(IMAGES[:1])
    assert box.tolist() == [[0, 0, 80, 60]] and score.tolist() == [1]


def _named(files: dict) -> dict:
    return dict(config=files['config'], checkpoint=files['weights'])
