"""The judge of toy generators reads what the pack tool wrote."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS

from mmkbdm.evaluation.judges import build_judge
from mmkbdm.models.foundation.pack import pack_judge

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / 'configs' / 'judges' / 'toy_generation_judge.py'


@pytest.fixture(scope='module')
def judge(tmp_path_factory):
    """A judge of random weights that finds somebody, and its weights."""
    folder = tmp_path_factory.mktemp('judge')
    cfg = Config.fromfile(CONFIG)
    with DefaultScope.overwrite_default_scope('mmpose'):
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
    checkpoint = folder / 'epoch_1.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), checkpoint)
    [path] = pack_judge(checkpoint, folder / 'weights')
    judge = build_judge(str(CONFIG), weights=str(path))
    judge.estimator.model.head.decoder.keypoint_thr = -1.0
    return judge, model, path


def test_weights_are_those_of_the_checkpoint_and_small(judge):
    judge, model, path = judge
    assert path.stat().st_size < 2e6
    loaded = judge.estimator.model.state_dict()
    for name, value in model.state_dict().items():
        assert torch.allclose(loaded[name], value, atol=1e-3), name
        assert loaded[name].dtype == value.dtype


def test_images_are_seen_at_twice_their_size(judge):
    judge, _, _ = judge
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    record = judge.estimator.pipeline(judge._record(image))
    assert record['inputs'].shape == (3, 128, 128)
    [found] = judge.judge([image])
    assert len(found['scores'])
    # In pixels of the image, not of what the network sees.
    assert found['keypoints'].max() < 70


def test_people_are_looked_for_where_the_generators_data_are():
    cfg = Config.fromfile(CONFIG)
    loaders = cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader
    roots = {loader.dataset.data_root for loader in loaders}
    assert roots == {'data/toyhuman_generation/'}
    for file in (cfg.val_evaluator.ann_file, *cfg.ceiling.values()):
        assert file.startswith('data/toyhuman_generation/')
