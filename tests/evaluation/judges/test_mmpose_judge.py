"""The judge's answers are MMPose's own; what it is given reaches the model."""

import json

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.apis import MMPoseInferencer
from safetensors.torch import save_file
from tiny_models import bottom_up, cid, top_down, write_model

from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.checkpoint_match import CheckpointMismatchError
from mmkbdm.evaluation.judges import MMPoseJudge
from mmkbdm.registry import JUDGES

IMAGE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
OTHER = IMAGE[::-1, :50].copy()


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp('topdown'), top_down())


@pytest.fixture(scope='module')
def tiny_bottom_up(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp('bottomup'), bottom_up())


class Boxes:
    """Finds as many people as it is told, in the same boxes each time."""

    def __init__(self, *counts):
        self.counts = counts

    def __call__(self, images):
        boxes = np.array([[5, 5, 30, 45], [20, 8, 48, 58.0]])
        return [(boxes[:n], np.array([0.9, 0.5])[:n]) for n in self.counts]

    def describe(self):
        return 'boxes'


def same(one, other, tolerance=0.0):
    for key in one:
        np.testing.assert_allclose(
            one[key], other[key], rtol=0, atol=tolerance, err_msg=key
        )


def test_top_down_is_the_inferencer_on_bgr(tiny):
    judge = MMPoseJudge(**tiny, detector='whole_image')
    [found] = judge.judge([IMAGE])
    inferencer = MMPoseInferencer(
        pose2d=tiny['config'],
        pose2d_weights=tiny['weights'],
        det_model='whole_image',
        device='cpu',
    )

    def infer(image):
        result = next(inferencer(np.ascontiguousarray(image)))
        return result['predictions'][0][0]

    expected = infer(IMAGE[..., ::-1])
    np.testing.assert_allclose(found['keypoints'][0], expected['keypoints'])
    np.testing.assert_allclose(
        found['keypoint_scores'][0], expected['keypoint_scores']
    )
    np.testing.assert_allclose(found['bboxes'], [[0, 0, 80, 60]])
    swapped = infer(IMAGE)
    assert not np.allclose(
        swapped['keypoint_scores'], expected['keypoint_scores']
    )


@pytest.mark.parametrize('mode', ['top-down', 'bottom-up'])
def test_model_sees_red_as_red(tiny, tiny_bottom_up, mode):
    files, detector = (
        (tiny, 'whole_image') if mode == 'top-down' else (tiny_bottom_up, None)
    )
    judge = MMPoseJudge(**files, detector=detector)
    seen = []
    backbone = judge.estimator.model.backbone
    backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    judge.judge([red])
    means = seen[0][0][0].amax(dim=(1, 2))
    expected = [(255 - 123.675) / 58.395, -116.28 / 57.12, -103.53 / 57.375]
    torch.testing.assert_close(
        means[0], torch.tensor(expected[0]), rtol=0, atol=1e-3
    )
    # Borders of a crop are black before the normalisation too.
    torch.testing.assert_close(
        means[1:], torch.tensor(expected[1:]), rtol=0, atol=1e-3
    )


def test_people_are_told_apart_by_image(tiny):
    counts = (2, 0, 1)
    judge = MMPoseJudge(**tiny, detector=Boxes(*counts), batch_size=2)
    found = judge.judge([IMAGE, IMAGE, OTHER])
    assert [len(one['scores']) for one in found] == list(counts)
    assert found[1]['keypoints'].shape == (0, 17, 2)
    assert found[1]['bboxes'].shape == (0, 4)
    one_by_one = MMPoseJudge(**tiny, detector=Boxes(1), batch_size=1)
    same(one_by_one.judge([OTHER])[0], found[2], 1e-4)


def test_score_of_a_person_is_that_of_cocometric(tiny):
    judge = MMPoseJudge(**tiny, detector=Boxes(2))
    [found] = judge.judge([IMAGE])
    for score, box, joints in zip(
        found['scores'], (0.9, 0.5), found['keypoint_scores']
    ):
        sure = joints[joints > 0.2]
        assert score == pytest.approx(box * (sure.mean() if sure.size else 0))


@pytest.mark.parametrize('files', ['tiny', 'tiny_bottom_up'])
def test_deterministic_and_without_side_effects(files, request):
    files = request.getfixturevalue(files)
    detector = 'whole_image' if 'topdown' in files['config'] else None
    with DefaultScope.overwrite_default_scope('mmdet'):
        state = torch.get_rng_state()
        judge = MMPoseJudge(**files, detector=detector)
        torch.set_rng_state(state)
        first = judge.judge([IMAGE, OTHER])
        assert DefaultScope.get_current_instance().scope_name == 'mmdet'
        assert torch.equal(state, torch.get_rng_state())
    copy = IMAGE.copy()
    for one, other in zip(first, judge.judge([copy, OTHER])):
        same(one, other)
    assert np.array_equal(copy, IMAGE)


@pytest.mark.parametrize('config', [bottom_up, cid])
def test_bottom_up_batches(config, tmp_path):
    files = write_model(tmp_path, config())
    together = MMPoseJudge(**files, batch_size=4)
    alone = MMPoseJudge(**files, batch_size=1)
    images = [IMAGE, IMAGE[:, ::-1].copy(), OTHER, IMAGE]
    found = together.judge(images)
    assert all(len(one['scores']) for one in found)
    for image, one in zip(images, found):
        same(alone.judge([image])[0], one, 1e-3)
        low, high = one['keypoints'].min(1), one['keypoints'].max(1)
        np.testing.assert_allclose(one['bboxes'], np.hstack([low, high]))


def test_bottom_up_is_the_inferencer(tiny_bottom_up):
    [found] = MMPoseJudge(**tiny_bottom_up).judge([IMAGE])
    inferencer = MMPoseInferencer(
        pose2d=tiny_bottom_up['config'],
        pose2d_weights=tiny_bottom_up['weights'],
        device='cpu',
    )
    image = np.ascontiguousarray(IMAGE[..., ::-1])
    expected = next(inferencer(image))['predictions'][0]
    np.testing.assert_allclose(
        found['keypoints'], [one['keypoints'] for one in expected]
    )


def test_duplicates_stay_unless_asked(tiny):
    class Twice(Boxes):
        def __call__(self, images):
            box = np.array([[5.0, 5, 45, 55]])
            return [(np.repeat(box, 2, 0), np.array([0.5, 0.9]))]

    [both] = MMPoseJudge(**tiny, detector=Twice()).judge([IMAGE])
    judge = MMPoseJudge(**tiny, detector=Twice(), nms_thr=0.9)
    [one] = judge.judge([IMAGE])
    assert len(both['scores']) == 2
    same(one, {key: value[1:] for key, value in both.items()})


def test_description_is_json_and_names_the_weights(tiny):
    judge = MMPoseJudge(**tiny, detector='whole_image')
    said = json.loads(json.dumps(judge.describe()))
    assert said['name'] == 'MMPoseJudge'
    assert said['detector'] == 'whole_image'
    assert len(said['sha256']) == 64
    assert set(said['versions']) == {'mmpose', 'mmengine', 'torch'}


def test_registry_builds_it_in_any_scope(tiny):
    config = dict(type='mmkbdm.MMPoseJudge', detector='whole_image', **tiny)
    with DefaultScope.overwrite_default_scope('mmpose'):
        assert isinstance(JUDGES.build(config), MMPoseJudge)


@pytest.mark.parametrize(
    'image',
    [IMAGE / 255.0, IMAGE[..., 0], IMAGE[:0], 'photo.jpg'],
    ids=['float', 'grey', 'empty', 'path'],
)
def test_other_images_are_refused(tiny, image):
    judge = MMPoseJudge(**tiny, detector='whole_image')
    with pytest.raises(ValueError, match='image 1 must be an array'):
        judge.judge([IMAGE, image])


def test_missing_files_are_named(tiny, tmp_path):
    gone = str(tmp_path / 'gone.pth')
    with pytest.raises(PreflightError, match='gone.pth does not exist') as e:
        MMPoseJudge(tiny['config'], gone, detector='whole_image')
    assert 'tools/train.py' in str(e.value)
    with pytest.raises(PreflightError, match='gone.py does not exist'):
        MMPoseJudge(str(tmp_path / 'gone.py'), tiny['weights'])
    with pytest.raises(PreflightError, match='mmpose::gone.py is no config'):
        MMPoseJudge('mmpose::gone.py', tiny['weights'])


def test_weights_of_another_model_are_refused(tiny, tiny_bottom_up):
    with pytest.raises(CheckpointMismatchError, match='tiny.pth'):
        MMPoseJudge(
            tiny['config'], tiny_bottom_up['weights'], detector='whole_image'
        )


def test_detector_and_config_go_together(tiny, tiny_bottom_up):
    with pytest.raises(PreflightError, match='is top-down: give'):
        MMPoseJudge(**tiny)
    with pytest.raises(PreflightError, match='is bottom-up: leave'):
        MMPoseJudge(**tiny_bottom_up, detector='whole_image')


def test_other_joints_are_refused(tiny, tmp_path):
    config = top_down()
    meta = dict(from_file='configs/_base_/datasets/crowdpose.py')
    config.train_dataloader.dataset.metainfo = meta
    config.dump(tmp_path / 'crowd.py')
    with pytest.raises(PreflightError, match='finds 14 joints'):
        MMPoseJudge(
            str(tmp_path / 'crowd.py'),
            tiny['weights'],
            detector='whole_image',
        )


def test_safetensors_are_the_same_weights(tiny_bottom_up, tmp_path):
    weights = torch.load(tiny_bottom_up['weights'])['state_dict']
    path = str(tmp_path / 'tiny.safetensors')
    save_file({k: v.contiguous() for k, v in weights.items()}, path)
    plain = MMPoseJudge(tiny_bottom_up['config'], path)
    [wanted] = MMPoseJudge(**tiny_bottom_up).judge([IMAGE])
    assert len(wanted['scores'])
    same(plain.judge([IMAGE])[0], wanted)
    assert plain.describe()['weights'] == path
    del weights['head.final_layer.bias']
    save_file({k: v.contiguous() for k, v in weights.items()}, path)
    with pytest.raises(CheckpointMismatchError, match='tiny.safetensors'):
        MMPoseJudge(tiny_bottom_up['config'], path)
