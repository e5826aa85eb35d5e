import json
from pathlib import Path

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.hooks import ParseGraphHook
from mmkbdm.models.necks import RMPG, HierarchicalRMPG


class TinyModel(BaseModel):
    def __init__(self, neck, num_maps=1):
        super().__init__()
        self.neck = neck
        self.num_maps = num_maps

    def forward(self, x, mode='loss'):
        outs = self.neck((x,) * self.num_maps)
        return dict(loss=sum((out - 1).square().mean() for out in outs))


class Wrapped(TinyModel):
    """Stands for DistributedDataParallel: the model is its ``module``."""

    def __init__(self, neck):
        BaseModel.__init__(self)
        self.module = TinyModel(neck)

    def forward(self, x, mode='loss'):
        return self.module(x, mode)


def train(model, tmp_path, interval=2, iters=5, backends=('LocalVisBackend',)):
    torch.manual_seed(0)
    runner = Runner(
        model,
        work_dir=str(tmp_path),
        train_dataloader=dict(
            dataset=list(torch.randn(2 * iters, 16, 6, 4)),
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
            batch_size=2,
        ),
        train_cfg=dict(by_epoch=False, max_iters=iters),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=[dict(type='mmkbdm.ParseGraphHook', interval=interval)],
        default_hooks=dict(logger=dict(type='LoggerHook', interval=10)),
        visualizer=dict(
            type='Visualizer', vis_backends=[dict(type=t) for t in backends]
        ),
        experiment_name=tmp_path.name,
    )
    runner.model.train_step = _as_tensor(runner.model.train_step)
    runner.train()
    return runner


def _as_tensor(train_step):
    return lambda data, optim_wrapper: train_step(
        dict(x=data), optim_wrapper=optim_wrapper
    )


def logged(tmp_path):
    files = list(Path(tmp_path).rglob('scalars.json'))
    lines = [
        json.loads(line)
        for file in set(files)
        for line in file.read_text().splitlines()
    ]
    return [line for line in lines if any('rmpg/' in key for key in line)]


def test_scalars_of_every_interval(tmp_path):
    neck = RMPG(16, groups=(2, 2), gate_init=0.5)
    runner = train(TinyModel(neck), tmp_path)
    entries = logged(tmp_path)
    assert [entry['step'] for entry in entries] == [2, 4]
    names = {
        f'rmpg/level{level}/{what}'
        for level in (0, 1)
        for what in ('gamma', 'gamma_max', 'context')
    }
    for entry in entries:
        assert set(entry) - {'step'} == names
        assert entry['rmpg/level0/gamma'] == pytest.approx(0.5, abs=0.1)
        assert entry['rmpg/level0/context'] > 0
        assert entry['rmpg/level1/gamma_max'] >= entry['rmpg/level1/gamma'] > 0
    # Training moves the gates, and nothing is left behind.
    first, second = (entry['rmpg/level0/gamma'] for entry in entries)
    assert first != second
    assert not any(module._forward_hooks for module in neck.modules())
    hook = next(h for h in runner.hooks if isinstance(h, ParseGraphHook))
    assert not hook._seen and not hook._handles


def test_ratio_of_norms(tmp_path):
    """The first entry is that of the untrained network on its batch."""
    torch.manual_seed(0)
    neck = RMPG(16, groups=(2,), gate_init=0.5)
    level = neck.graphs[0].levels[0]
    seen = []
    level.register_forward_hook(lambda m, x, out: seen.append((x[0], out)))
    train(TinyModel(neck), tmp_path, interval=1, iters=1)
    (x, out), *_ = seen
    expected = (out - x).norm() / x.norm()
    (entry,) = logged(tmp_path)
    assert entry['rmpg/level0/context'] == pytest.approx(
        expected.item(), rel=1e-4
    )


def test_no_hook_in_between(tmp_path, monkeypatch):
    neck = RMPG(16, groups=(2,), gate_init=0.5)
    gate = neck.graphs[0].levels[0].gate
    hooks = []
    forward = gate.forward
    monkeypatch.setattr(
        gate,
        'forward',
        lambda *args: hooks.append(len(gate._forward_hooks)) or forward(*args),
    )
    train(TinyModel(neck), tmp_path, interval=3)
    assert hooks == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    'build, num_maps, names',
    [
        (
            lambda: HierarchicalRMPG(16),
            1,
            {
                'rmpg/stage0/level0',
                'rmpg/stage1/level0',
                'rmpg/stage1/level1',
                'rmpg/stage2/level0',
                'rmpg/stage2/level1',
                'rmpg/stage2/level2',
            },
        ),
        (
            lambda: RMPG(16, groups=(2,), mid_channels=8),
            1,
            {'rmpg/level0', 'rmpg/outer'},
        ),
        (
            lambda: RMPG(16, groups=(2,), num_maps=2),
            2,
            {'rmpg/map0/level0', 'rmpg/map1/level0'},
        ),
        (
            lambda: RMPG(16, groups=(2,), num_maps='shared'),
            2,
            {'rmpg/level0'},
        ),
    ],
)
def test_names(build, num_maps, names, tmp_path):
    train(TinyModel(build(), num_maps), tmp_path, interval=5)
    (entry,) = logged(tmp_path)
    assert {key.rpartition('/')[0] for key in entry if '/' in key} == names


def test_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    neck = RMPG(16, groups=(2,), gate_init=0.5)
    train(TinyModel(neck), tmp_path, backends=('TensorboardVisBackend',))
    (file,) = Path(tmp_path).rglob('events.out.tfevents.*')
    events = EventAccumulator(str(file)).Reload().Scalars('rmpg/level0/gamma')
    assert [event.step for event in events] == [2, 4]
    assert all(event.value > 0 for event in events)


def test_a_wrapped_model(tmp_path, monkeypatch):
    monkeypatch.setattr(
        'mmkbdm.engine.hooks.parse_graph_hook.is_model_wrapper',
        lambda model: isinstance(model, Wrapped),
    )
    train(Wrapped(RMPG(16, groups=(2,))), tmp_path)
    assert len(logged(tmp_path)) == 2


@pytest.mark.parametrize('neck', [None, nn.Identity()])
def test_a_model_without_parse_graph(neck, tmp_path):
    model = TinyModel(RMPG(16))
    model.neck = neck
    model.head = nn.Linear(1, 1)
    with pytest.raises(PreflightError, match='mmkbdm.RMPG or') as error:
        train(model, tmp_path)
    assert type(neck).__name__ in str(error.value)


@pytest.mark.parametrize('interval', [0, -1, 2.5])
def test_wrong_interval(interval):
    with pytest.raises(PreflightError, match=f'interval={interval}'):
        HOOKS.build(dict(type='mmkbdm.ParseGraphHook', interval=interval))
