"""The four real COCO images through the real tools."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from coco_paths import ANN_FILE, COCO, data_options, needs_coco
from mmengine.config import Config
from mmengine.runner import Runner

from mmkbdm.compat import read_checkpoint

ROOT = Path(__file__).parents[2]
VITPOSE = 'configs/rmpg/vitpose_b_rmpg_coco.py'
PHOTO = COCO / '000000000785.jpg'

pytestmark = needs_coco


def command(tool, *args):
    return [sys.executable, f'tools/{tool}.py', *map(str, args)]


def run(*args):
    done = subprocess.run(
        command(*args), cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def vitpose_options(max_epochs):
    ground_truth_boxes = [
        f'{phase}_dataloader.dataset.bbox_file=None'
        for phase in ('val', 'test')
    ]
    return [
        '--cfg-options',
        *data_options(),
        *ground_truth_boxes,
        'model.backbone.init_cfg=None',
        'train_dataloader.batch_size=6',
        f'train_cfg.max_epochs={max_epochs}',
        'train_cfg.val_interval=1',
        'default_hooks.checkpoint.interval=1',
        'default_hooks.checkpoint.save_best=None',
        'default_hooks.logger.interval=1',
    ]


@pytest.fixture(scope='module')
def vitpose(tmp_path_factory):
    """ViTPose-B + RMPG after one epoch on the real images."""
    work_dir = tmp_path_factory.mktemp('vitpose')
    log = run('train', VITPOSE, '--work-dir', work_dir, *vitpose_options(1))
    assert re.search(r'Epoch\(val\).*coco/AP: \d', log)
    yield work_dir
    for path in work_dir.glob('*.pth'):  # 1.3 GB each
        path.unlink()


@pytest.mark.slow
def test_vitpose_draws_its_predictions(vitpose):
    shown = vitpose / 'shown'
    run(
        *('test', VITPOSE, vitpose / 'epoch_1.pth', '--work-dir', vitpose),
        *('--show-dir', shown, '--out', vitpose / 'metrics.json'),
        *vitpose_options(1),
    )
    metrics = json.loads((vitpose / 'metrics.json').read_text())
    assert 0 <= metrics['coco/AP'] <= 1
    photo = cv2.imread(str(PHOTO))
    drawn = [cv2.imread(str(p)) for p in shown.glob('*785*')]
    assert len(drawn) == 1  # the person on that photo
    assert drawn[0].shape[1] == photo.shape[1]
    assert np.abs(drawn[0][: len(photo)].astype(int) - photo).max() > 50


@pytest.mark.slow
def test_inferencer_runs_the_checkpoint_by_its_paths(vitpose):
    from mmpose.apis import MMPoseInferencer

    inferencer = MMPoseInferencer(
        pose2d=str(ROOT / VITPOSE),
        pose2d_weights=str(vitpose / 'epoch_1.pth'),
        det_model='whole_image',
        det_cat_ids=(0,),
        device='cpu',
    )
    result = next(inferencer(str(PHOTO), return_vis=True))
    (person,) = result['predictions'][0]
    assert np.isfinite(person['keypoints']).all()
    assert np.shape(person['keypoints']) == (17, 2)
    assert result['visualization'][0].shape == cv2.imread(str(PHOTO)).shape
    loaded = inferencer.inferencer.model.state_dict()
    saved = read_checkpoint(vitpose / 'epoch_1.pth')['state_dict']
    assert all(torch.equal(loaded[name], saved[name]) for name in saved)


@pytest.mark.slow
def test_vitpose_killed_in_its_second_run_resumes(vitpose):
    """SIGKILL in the middle of epoch 2; the third run starts at epoch 2."""
    args = ['train', VITPOSE, '--work-dir', vitpose, '--no-validate']
    args += ['--resume', *vitpose_options(2)]
    with subprocess.Popen(
        command(*args),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(os.environ, PYTHONUNBUFFERED='1'),
    ) as process:
        for line in process.stdout:
            if 'Epoch(train) [2][1/2]' in line:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    before = read_checkpoint(vitpose / 'epoch_1.pth')
    assert not (vitpose / 'epoch_2.pth').exists()

    log = run(*args)
    assert 'resumed epoch: 1, iter: 2' in log
    after = read_checkpoint(vitpose / 'epoch_2.pth')
    for checkpoint, steps in ((before, 2), (after, 4)):
        assert checkpoint['meta']['iter'] == steps
        states = checkpoint['optimizer']['state'].values()
        assert {int(state['step']) for state in states} == {steps}
        losses = checkpoint['message_hub']['log_scalars']['train/loss']
        assert len(losses.data[0]) == steps
    # Two warm-up steps of 1e-6 from there, not from other weights.
    for name, weight in before['state_dict'].items():
        if name.endswith(('weight', 'bias', 'gamma', 'pos_embed')):
            moved = (after['state_dict'][name] - weight).abs().max()
            assert moved < 1e-4, name


def test_overfits_the_real_images(tmp_path):
    """Right end to end, coordinates included: AP above 0.9."""
    cfg = Config.fromfile(
        ROOT / 'configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py'
    )
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        loader.batch_size = 12
        loader.dataset.update(
            data_root=f'{COCO}/',
            ann_file=ANN_FILE.name,
            data_prefix=dict(img=''),
        )
    still = ('RandomFlip', 'RandomBBoxTransform')
    cfg.train_dataloader.dataset.pipeline = [
        step
        for step in cfg.train_dataloader.dataset.pipeline
        if step.type not in still
    ]
    cfg.test_evaluator.ann_file = str(ANN_FILE)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.train_cfg = dict(by_epoch=True, max_epochs=120)
    cfg.param_scheduler[1].update(T_max=120)
    cfg.default_hooks.checkpoint.update(interval=120, save_best=None)
    cfg.work_dir = str(tmp_path)
    torch.manual_seed(0)
    runner = Runner.from_cfg(cfg)
    runner.train()
    metrics = runner.test()
    assert metrics['coco/AP'] > 0.9
