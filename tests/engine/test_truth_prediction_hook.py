import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer
from mmpose.structures import PoseDataSample

from mmkbdm.apis.errors import TOY_CONFIG
from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.engine.hooks import TruthPredictionHook

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=1, num_val=4, size=64, max_people=2)
    return root


@pytest.fixture(autouse=True)
def visualizer_of_another_runner():
    """The newest name in the process, so MMEngine's current visualizer."""
    yield Visualizer.get_instance('of another runner')
    del Visualizer._instance_dict['of another runner']


@pytest.fixture
def runner(toy, tmp_path):
    """The toy config on four images, weights untrained, every point drawn."""
    cfg = Config.fromfile(ROOT / TOY_CONFIG)
    cfg.train_dataloader = cfg.train_cfg = cfg.optim_wrapper = None
    cfg.param_scheduler = None
    for phase in ('val', 'test'):
        loader = cfg[f'{phase}_dataloader']
        loader.update(num_workers=0, persistent_workers=False, batch_size=3)
        loader.dataset.data_root = str(toy)
        cfg[f'{phase}_evaluator'].ann_file = str(
            toy / 'annotations' / 'val.json'
        )
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook')
    cfg.default_hooks.visualization.update(
        enable=True, interval=1, kpt_thr=-1e9, sheet_size=3
    )
    cfg.work_dir = str(tmp_path / 'work')
    cfg.experiment_name = tmp_path.name
    cfg.launcher = 'none'
    return Runner.from_cfg(cfg)


def test_beside_another_runner(runner):
    second = Runner.from_cfg(runner.cfg)
    second.test()
    assert Path(second.work_dir, 'vis', 'contact_sheet.png').is_file()


def test_every_image_once(runner, toy):
    runner.test()
    folder = Path(runner.work_dir, 'vis')
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f'00000{i}.png' for i in range(4)] + ['contact_sheet.png']
    picture = cv2.imread(str(folder / '000000.png'))
    height, width = picture.shape[:2]
    assert width == 2 * 64 * 8
    panels = np.split(picture[height - 512 :], 2, axis=1)
    image = cv2.imread(str(toy / 'val' / '000000.png'))
    plain = cv2.resize(image, (512, 512), interpolation=cv2.INTER_CUBIC)
    truth, prediction = ((panel != plain).any(2).mean() for panel in panels)
    assert 0.001 < truth < 0.2
    assert 0 < prediction < 0.2
    assert (panels[0] != panels[1]).any()
    # The visualizer's own backends write nothing beside it.
    assert not list(Path(runner.work_dir).rglob('vis_image'))


def test_a_validation_has_its_own_folder(runner):
    runner.val()
    assert Path(runner.work_dir, 'vis/epoch_0/contact_sheet.png').exists()


def test_off_by_default(runner):
    hook = next(h for h in runner.hooks if isinstance(h, TruthPredictionHook))
    hook.enable = False
    runner.test()
    assert not Path(runner.work_dir, 'vis').exists()


def person(img_path, box_score=1.0, truth=True):
    keypoints = np.linspace(5, 55, 34).reshape(1, 17, 2)
    return PoseDataSample(
        gt_instances=InstanceData(
            keypoints=keypoints * truth,
            keypoints_visible=np.ones((1, 17)),
            bbox_scores=np.array([box_score]),
        ),
        pred_instances=InstanceData(
            keypoints=keypoints, keypoint_scores=np.ones((1, 17))
        ),
        metainfo=dict(img_path=str(img_path)),
    )


def drawn_by(runner, *people):
    hook = next(h for h in runner.hooks if isinstance(h, TruthPredictionHook))
    hook.kpt_thr = 0.3
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0, {}, people)
    hook.after_test_epoch(runner)
    return Path(runner.work_dir, 'vis')


def test_one_name_in_two_folders(runner, toy, tmp_path):
    paths = [tmp_path / name / '000000.png' for name in 'ab']
    for path in paths:
        path.parent.mkdir()
        shutil.copy(toy / 'val' / '000000.png', path)
    folder = drawn_by(runner, *map(person, paths))
    assert (folder / 'a' / '000000.png').exists()
    assert (folder / 'b' / '000000.png').exists()


@pytest.mark.parametrize('box_score', [0.9, 0.1])
def test_boxes_of_a_detector(runner, toy, box_score):
    """No truth is no skeleton at 0, 0; doubtful boxes are left out."""
    path = toy / 'val' / '000001.png'
    folder = drawn_by(runner, person(path, box_score, truth=False))
    picture = cv2.imread(str(folder / '000001.png'))[-512:]
    image = cv2.imread(str(path))
    plain = cv2.resize(image, (512, 512), interpolation=cv2.INTER_CUBIC)
    truth, prediction = np.split(picture, 2, axis=1)
    assert (truth == plain).all()
    assert (prediction != plain).any() == (box_score > 0.3)
