"""A training on a record is the training on the pipeline."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS
from mmengine.runner import Runner

from mmkbdm.benchmark.recording import (
    record_evaluation,
    record_training,
    use_records,
)
from mmkbdm.datasets.toy_human import write_dataset

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cfg(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    data = tmp_path / 'data'
    write_dataset(data, num_train=8, num_val=3, size=64, max_people=2)
    cfg = Config.fromfile('configs/rmpg/toyhuman/short_supervised.py')
    cfg.work_dir = str(tmp_path / 'work')
    cfg.train_cfg.update(max_iters=3, val_interval=3)
    cfg.train_dataloader.batch_size = 4
    for name in ('train_dataloader', 'val_dataloader'):
        cfg[name].dataset.data_root = f'{data}/'
    for metric in cfg.val_evaluator[:2]:
        metric.ann_file = f'{data}/annotations/val.json'
    cfg.test_dataloader = cfg.test_evaluator = cfg.test_cfg = None
    cfg.randomness.seed = 7
    return cfg


def train(cfg):
    runner = Runner.from_cfg(cfg)
    runner.train()
    scalars = runner.message_hub.log_scalars
    metrics = {
        name: scalar.current()
        for name, scalar in scalars.items()
        if name.startswith('val/') and not name.endswith('time')
    }
    assert 'val/coco/AP' in metrics
    return runner.model.state_dict(), metrics


def test_same_weights_and_metrics(cfg, tmp_path):
    training, evaluation = tmp_path / 'train.pt', tmp_path / 'val.pt'
    record_training(cfg, training, iters=4)  # more than is trained on
    record_evaluation(cfg, evaluation)
    weights, metrics = train(cfg)
    use_records(cfg, training, evaluation)
    recorded, recorded_metrics = train(cfg)
    for name, weight in weights.items():
        assert torch.equal(weight, recorded[name]), name
    assert recorded_metrics == metrics


def test_judged_on_whole_samples(cfg, tmp_path):
    record_evaluation(cfg, tmp_path / 'val.pt')
    expected = DATASETS.build(cfg.val_dataloader.dataset)
    use_records(cfg, tmp_path / 'train.pt', tmp_path / 'val.pt')
    recorded = DATASETS.build(cfg.val_dataloader.dataset)
    assert len(recorded) == len(expected) >= 3
    assert recorded.metainfo.keys() == expected.metainfo.keys()
    for item, wanted in zip(recorded, expected):
        assert torch.equal(item['inputs'], wanted['inputs'])
        sample, other = item['data_samples'], wanted['data_samples']
        assert sample.metainfo.keys() == other.metainfo.keys()
        assert sample.id == other.id
        assert np.array_equal(
            sample.gt_instances.keypoints, other.gt_instances.keypoints
        )


def test_a_record_is_made_once_and_again_when_it_is_short(cfg, tmp_path):
    path = tmp_path / 'records' / 'train.pt'
    record_training(cfg, path, iters=2)
    first = path.stat().st_mtime_ns
    record_training(cfg, path, iters=1)
    assert path.stat().st_mtime_ns == first
    short = torch.load(path, weights_only=False)
    record_training(cfg, path, iters=3)
    long = torch.load(path, weights_only=False)
    assert len(long['inputs']) == 12
    for name in ('inputs', 'heatmaps', 'weights'):
        assert torch.equal(long[name][:8], short[name])
    assert [p.name for p in path.parent.iterdir()] == ['train.pt']
