"""The fine-tune recipe: identity, then the neck, then everything."""

import os

import mmpose
import pytest
import torch
import yaml
from matrix import (
    CONFIGS,
    build,
    load,
    metainfo,
    predict,
    thin,
    thin_resnets,
    unscoped,
)
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import DATASETS
from mmpose.testing import get_packed_inputs
from torch.utils.data import Dataset

NAMES = ('vitpose_b_rmpg_coco', 'simplebaseline_res50_rmpg_coco')
PUBLISHED = {
    'vitpose_b_rmpg_coco': (
        'vitpose_coco.yml',
        'td-hm_ViTPose-base_8xb64-210e_coco-256x192',
    ),
    'simplebaseline_res50_rmpg_coco': (
        'resnet_coco.yml',
        'td-hm_res50_8xb64-210e_coco-256x192',
    ),
}


@pytest.mark.parametrize('name', NAMES)
def test_recipe(name):
    cfg = Config.fromfile(CONFIGS / f'{name}_finetune.py')
    metafile, model = PUBLISHED[name]
    folder = os.path.join(
        *(mmpose.__path__[0], '.mim', 'configs', 'body_2d_keypoint'),
        *('topdown_heatmap', 'coco'),
    )
    with open(os.path.join(folder, metafile)) as file:
        models = yaml.safe_load(file)['Models']
    (weights,) = {m['Weights'] for m in models if m['Name'] == model}
    assert cfg.load_from == weights
    assert cfg.model.backbone.init_cfg is None  # nothing else to download
    assert cfg.model.neck.get('gate_init', 0) == 0
    assert cfg.find_unused_parameters
    types = [hook.type for hook in cfg.custom_hooks]
    assert types == ['SyncBuffersHook', 'mmkbdm.TrainNeckFirstHook']
    first = cfg.custom_hooks[1].epochs
    assert 0 < first < cfg.train_cfg.max_epochs
    warm_up, steps = cfg.param_scheduler
    assert first in steps.milestones
    assert steps.end == cfg.train_cfg.max_epochs
    base = load(name)
    assert unscoped(cfg.train_dataloader) == unscoped(base.train_dataloader)
    assert unscoped(cfg.model) == unscoped(base.model)


@DATASETS.register_module()
class TwoPeople(Dataset):
    """Two people as the data pipeline gives them."""

    def __init__(self, input_size, heatmap_size, flip_indices):
        batch = get_packed_inputs(
            batch_size=2,
            img_shape=input_size[::-1],
            input_size=input_size,
            heatmap_size=heatmap_size,
        )
        self.people = []
        for image, sample in zip(batch['inputs'], batch['data_samples']):
            sample.set_metainfo(dict(flip_indices=flip_indices))
            self.people.append(dict(inputs=image, data_samples=sample))

    def __len__(self):
        return len(self.people)

    def __getitem__(self, index):
        return self.people[index]


class Watch(Hook):
    """Keeps the state and the predictions after each epoch."""

    def __init__(self):
        self.states, self.predictions = [], []

    def before_train(self, runner):
        """Keep the start."""
        self.after_train_epoch(runner)
        batch = pseudo_collate(runner.train_dataloader.dataset.people)
        data = runner.model.data_preprocessor(batch, training=True)
        self.predictions.append(predict(runner.model, data))

    def after_train_epoch(self, runner):
        """Keep the end of an epoch."""
        state = runner.model.state_dict().items()
        self.states.append({k: v.clone() for k, v in state})


@pytest.mark.parametrize('name', NAMES)
def test_runs_from_a_plain_checkpoint(name, tmp_path, monkeypatch):
    thin_resnets(monkeypatch)
    cfg = thin(load(f'{name}_finetune'))
    neck = cfg.model.pop('neck')
    plain = build(cfg)
    cfg.model.neck = neck
    torch.save(plain.state_dict(), tmp_path / 'plain.pth')

    codec = cfg.codec
    dataset = dict(
        type='TwoPeople',
        input_size=codec.input_size,
        heatmap_size=codec.heatmap_size,
        flip_indices=metainfo(cfg)['flip_indices'],
    )
    people = DATASETS.build(dataset).people
    data = plain.data_preprocessor(pseudo_collate(people), training=True)
    expected = predict(plain, data)

    cfg.train_dataloader = dict(
        dataset=dataset,
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='pseudo_collate'),
    )
    for phase in ('val', 'test'):
        for part in ('dataloader', 'evaluator', 'cfg'):
            cfg[f'{phase}_{part}'] = None
    cfg.default_hooks.checkpoint.save_best = None
    cfg.train_cfg = dict(by_epoch=True, max_epochs=3)
    cfg.param_scheduler = None
    cfg.custom_hooks[1].epochs = 1
    cfg.load_from = str(tmp_path / 'plain.pth')
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = f'finetune{os.urandom(4).hex()}'
    watch = Watch()
    runner = Runner.from_cfg(cfg)
    runner.register_hook(watch)
    runner.train()

    torch.testing.assert_close(watch.predictions[0], expected, rtol=0, atol=0)
    start, first, second, third = watch.states
    moved = {k for k in start if not torch.equal(start[k], first[k])}
    assert moved and all(key.startswith('neck.') for key in moved)
    moved = {k.split('.')[0] for k in start if not first[k].equal(third[k])}
    assert moved == {'backbone', 'neck', 'head'}
