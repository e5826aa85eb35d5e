"""Trainings of all three stages by their runtime configs, of tiny models."""

import copy
import hashlib
import json
import os
import sys
from pathlib import Path

import mmengine.runner  # noqa: F401  registers runners
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS
from torch.utils.data import Dataset

from mmkbdm.registry import DATASETS, HOOKS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'models' / 'generators'))

from tiny_generator import batch, full, wake  # noqa: E402, F401

CODEBOOK = dict(
    type='mmkbdm.FeatureCodebook',
    in_dim=6,
    num_codes=4,
    code_dim=4,
    hidden_dim=8,
    quantizer=dict(patience=1.0),
)
TEXT_TO_CODE = dict(
    type='mmkbdm.TextToCode', in_dim=6, num_codes=4, hidden_dim=8
)


@DATASETS.register_module()
class TinySamples(Dataset):
    """Samples of a stage; ``chance`` draws from NumPy as transforms do."""

    def __init__(self, stage, size=10, chance=False):
        generator = torch.Generator().manual_seed(0)
        features = torch.randn(size, 6, generator=generator)
        target = torch.randint(4, (size,), generator=generator)
        self.chance = chance
        if stage == 'generator':
            one = {key: values[0] for key, values in batch(1).items()}
            lists = {key: [value] * size for key, value in one.items()}
            lists['image'] = [one['image'].roll(i, -1) for i in range(size)]
            lists['img_id'] = range(size)
        elif stage == 'stage1':
            lists = dict(features=features)
        else:
            lists = dict(features=features, target=target)
        self.samples = [
            {key: values[i] for key, values in lists.items()}
            for i in range(size)
        ]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        sample = dict(self.samples[index])
        if self.chance and np.random.random() < 0.5:
            sample = {
                key: value.flip(-1) if torch.is_tensor(value) else value
                for key, value in sample.items()
            }
        return sample


@HOOKS.register_module()
class Recorder(Hook):
    """Keeps the loss of every iteration, and stops before one."""

    priority = 'LOWEST'

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.losses = {}

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        assert runner.iter + 1 not in self.losses
        self.losses[runner.iter + 1] = float(outputs['loss'].detach())
        if runner.iter + 1 == self.stop_at:
            raise Stopped


@HOOKS.register_module()
class Witness(Hook):
    """Writes down what this process has seen and what came of it."""

    priority = 'LOWEST'

    def __init__(self, folder):
        self.folder = Path(folder)
        self.seen = dict(images=[], losses=[])

    def before_train(self, runner):
        self.seen.update(
            first_weights=digest(_bare(runner)),
            first_base=digest(_bare(runner).base.unet),
        )

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.seen['images'].append(data_batch['img_id'])
        self.seen['losses'].append(float(outputs['loss'].detach()))

    def after_train(self, runner):
        self.seen.update(
            weights=digest(_bare(runner)),
            base=digest(_bare(runner).base.unet),
        )
        path = self.folder / f'witness{get_rank()}.json'
        path.write_text(json.dumps(self.seen))


def _bare(runner):
    return getattr(runner.model, 'module', runner.model)


def digest(module):
    """Hash of all that is trained or kept."""
    total = hashlib.sha256()
    for value in module.state_dict().values():
        total.update(value.numpy().tobytes())
    return total.hexdigest()


class Stopped(Exception):
    """As if the process were killed."""


def config(stage, folder, workers=0, chance=False, **changes):
    """Config of a training of six iterations, or of epochs of three."""
    base = 'generator' if stage == 'generator' else 'kb'
    cfg = Config.fromfile(ROOT / f'configs/kb_dmgen/_base_/{base}_runtime.py')
    models = dict(generator=full, stage1=CODEBOOK, stage2=TEXT_TO_CODE)
    model = models[stage]
    loader = dict(
        batch_size=3,
        num_workers=workers,
        dataset=dict(
            type='mmkbdm.TinySamples', stage=stage, size=10, chance=chance
        ),
    )
    settings = dict(
        model=model() if callable(model) else model,
        work_dir=str(folder),
        train_dataloader=loader,
        custom_hooks=[dict(type='mmkbdm.Recorder')],
        visualizer=dict(vis_backends=[dict(type='LocalVisBackend')]),
        experiment_name=f'training{os.urandom(4).hex()}',
    )
    if stage == 'generator':
        settings['train_cfg'] = dict(max_iters=6)
        settings['optim_wrapper'] = dict(optimizer=dict(lr=1e-3))
        settings['default_hooks'] = dict(checkpoint=dict(interval=3))
        settings['param_scheduler'] = [
            dict(type='LinearLR', start_factor=0.1, end=5, by_epoch=False)
        ]
        average = dict(type='EMAHook', ema_type='mmkbdm.TrainedMovingAverage')
        settings['custom_hooks'].append(dict(average, momentum=0.1))
    else:
        metric = dict(
            stage1=dict(type='mmkbdm.CodebookUse', num_codes=4),
            stage2=dict(type='mmkbdm.CodeAccuracy'),
        )
        settings['train_cfg'] = dict(max_epochs=4, val_interval=1)
        settings['val_dataloader'] = dict(copy.deepcopy(loader))
        settings['val_evaluator'] = metric[stage]
        settings['default_hooks'] = dict(checkpoint=dict(interval=1))
    cfg.merge_from_dict(settings)
    cfg.merge_from_dict(changes)
    return cfg


def train(cfg, stop_at=None, prepare=None):
    """Run a config; returns losses by iteration and the runner.

    ``prepare`` is called with the runner before it trains.
    """
    cfg = copy.deepcopy(cfg)
    cfg.custom_hooks[0].stop_at = stop_at
    cfg.experiment_name = f'training{os.urandom(4).hex()}'
    runner = RUNNERS.build(cfg)
    if prepare is not None:
        prepare(runner)
    try:
        runner.train()
    except Stopped:
        assert stop_at is not None
    recorder = next(h for h in runner.hooks if isinstance(h, Recorder))
    return recorder.losses, runner


def same(one, other):
    """Whether two nested contents of checkpoints are equal to the bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            same(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if torch.is_tensor(one):
        return torch.equal(one, other)
    return one == other
