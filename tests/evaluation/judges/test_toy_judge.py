"""The toy judge's config trains, is evaluated, and gives a judge."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpose.registry import MODELS

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.evaluation.judges import MMPoseJudge, build_judge

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / 'configs' / 'judges' / 'toy_judge.py'


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toy') / 'toyhuman'
    write_dataset(folder, num_train=8, num_val=4)
    return folder


@pytest.fixture
def parts(data):
    """The model, and a batch of the training pipeline without chance."""
    cfg = Config.fromfile(CONFIG)
    loader = cfg.train_dataloader
    loader.update(batch_size=8, sampler=dict(shuffle=False))
    loader.dataset.update(data_root=str(data), ann_file='annotations/val.json')
    loader.dataset.data_prefix.img = 'val/'
    loader.batch_size = 4
    loader.dataset.pipeline[1].update(
        shift_prob=0.0, scale_factor=(1, 1), rotate_factor=0
    )
    loader.dataset.pipeline[2].prob = 0.0
    with DefaultScope.overwrite_default_scope('mmpose'):
        [batch] = Runner.build_dataloader(loader, seed=0)
        torch.manual_seed(0)
        return MODELS.build(cfg.model), batch


def perfect_maps(head, samples):
    """The heatmaps and tags that would make the loss zero."""
    heatmaps = torch.stack([s.gt_fields.heatmaps for s in samples])
    batch, joints, height, width = heatmaps.shape
    tags = torch.full((batch, 2, joints, height, width), -9.0)
    for tag, sample in zip(tags, samples):
        joint, row, column, centre = head._targets(sample.gt_instances)
        # A peak may lie beside the pixel of the target.
        for dy in (0, 1, -1):
            for dx in (0, 1, -1):
                y = (row + dy).clamp(0, height - 1)
                x = (column + dx).clamp(0, width - 1)
                free = (tag[:, joint, y, x] < -8).all(0) | ((dy, dx) == (0, 0))
                tag[:, joint[free], y[free], x[free]] = centre[:, free]
    return heatmaps, tags.flatten(1, 2)


def test_perfect_maps_give_the_true_people(parts):
    model, batch = parts
    samples = batch['data_samples']
    for sample, people in zip(
        samples, model.head.decode(perfect_maps(model.head, samples))
    ):
        true = sample.gt_instances
        assert len(people.keypoints) == len(true.keypoints)
        seen = true.keypoints_visible > 0.5
        for places, visible in zip(true.keypoints, seen):
            inside = visible & (places > 2).all(-1) & (places < 125).all(-1)
            errors = np.linalg.norm(people.keypoints - places, axis=-1)
            best = errors[:, inside].mean(-1).argmin()
            # Joints of one kind that lie on each other hide each other.
            assert np.median(errors[best, inside]) < 0.3
            assert (errors[best, inside] < 2.5).mean() > 0.8


def test_loss_is_zero_for_perfect_tags_and_falls_in_training(parts):
    model, batch = parts
    model.train()
    data = model.data_preprocessor(batch, training=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3)
    history = []
    for _ in range(8):
        losses = model(**data, mode='loss')
        assert set(losses) == {'loss_kpt', 'loss_tag'}
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        history.append({k: v.item() for k, v in losses.items()})
    assert history[-1]['loss_kpt'] < 0.9 * history[0]['loss_kpt']
    assert history[-1]['loss_tag'] < 0.9 * history[0]['loss_tag']
    gates = [p for n, p in model.named_parameters() if n.endswith('gamma')]
    assert gates and all(gate.abs().sum() > 0 for gate in gates)
    # An offset that leads to the centre costs nothing.
    samples = data['data_samples']
    heatmaps, tags = perfect_maps(model.head, samples)
    model.head.forward = lambda feats: (heatmaps, tags)
    losses = model.head.loss(None, samples)
    assert losses['loss_kpt'] == 0
    assert losses['loss_tag'] < 1e-3


def test_without_people_there_is_no_tag_loss(parts):
    model, batch = parts
    sample = batch['data_samples'][0]
    sample.gt_instances.keypoints_visible[:] = 0
    feats = (torch.rand(1, 64, 16, 16, requires_grad=True),)
    losses = model.head.loss(feats, [sample])
    assert losses['loss_tag'] == 0
    sum(losses.values()).backward()


def test_one_command_trains_and_the_judge_is_built(data, tmp_path):
    options = {
        'train_dataloader.batch_size': 4,
        'train_dataloader.dataset.data_root': data,
        'val_dataloader.dataset.data_root': data,
        'val_evaluator.ann_file': data / 'annotations' / 'val.json',
        'train_cfg.max_epochs': 1,
        'train_cfg.val_interval': 1,
        # Whatever it sees, somebody is found.
        'model.head.decoder.decode_keypoint_thr': -1.0,
    }
    done = subprocess.run(
        [
            sys.executable,
            'tools/train.py',
            str(CONFIG),
            '--work-dir',
            str(tmp_path),
            '--cfg-options',
            *[f'{key}={value}' for key, value in options.items()],
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert 'coco/AP' in done.stdout + done.stderr
    judge = build_judge(CONFIG, weights=str(tmp_path / 'epoch_1.pth'))
    assert isinstance(judge, MMPoseJudge)
    image = cv2.imread(str(next((data / 'val').glob('*.png'))))[..., ::-1]
    [people] = judge.judge([image])
    assert people['keypoints'].shape[1:] == (17, 2)
    assert people['keypoints'].shape[0] == people['scores'].shape[0]


def test_untrained_judge_says_how_to_train(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    with pytest.raises(PreflightError) as error:
        build_judge('configs/judges/toy_judge.py')
    assert 'python tools/train.py configs/judges/toy_judge.py' in str(
        error.value
    )


def test_config_without_judge(tmp_path):
    path = tmp_path / 'plain.py'
    path.write_text('model = dict()\n')
    with pytest.raises(PreflightError, match='plain.py describes no judge'):
        build_judge(str(path))
