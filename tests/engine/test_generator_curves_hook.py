"""Curves of a generator's parts, read from the event file."""

import pytest
import torch
from mmengine.config import Config
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from training_parts import config, train


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Config, 'pretty_text', 'left out')


def curves(folder):
    """{name: [(step, value)]} of the event file."""
    [file] = folder.glob('*/vis_data/events.out.tfevents.*')
    events = EventAccumulator(str(file)).Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()['scalars']
    }


def run(folder, **model):
    cfg = config('generator', folder)
    cfg.visualizer.vis_backends = [dict(type='TensorboardVisBackend')]
    cfg.default_hooks.curves.interval = 2
    cfg.default_hooks.logger.interval = 2
    cfg.optim_wrapper.optimizer.lr = 1e-2
    cfg.model.update(model)
    _, runner = train(cfg)
    return curves(folder), runner.model


def test_curves_of_every_part(tmp_path):
    found, model = run(tmp_path)
    adapter = model.adapter
    steps = {
        name: [step for step, _ in curve] for name, curve in found.items()
    }
    expected = {'codes/dropped', 'loss', 'mse', 'lr', 'grad_norm', 'it_per_s'}
    expected |= {f'film/{place}' for place in (2, 4, 5)}
    expected |= {
        f'gate/{place}_t{time}'
        for place in (2, 4, 5)
        for time in ('0', '0.5', '1')
    }
    expected |= {
        f'delta/{block}_{kind}_t{time}'
        for block in (0, 1)
        for kind in ('radius', 'strength')
        for time in ('0', '0.5', '1')
    }
    convolutions = len(adapter.net.controlnet_down_blocks) + 1
    expected |= {f'zero_conv/{index}' for index in range(convolutions)}
    assert expected <= set(found)
    assert all(steps[name] == [2, 4, 6] for name in expected)

    def last(name):
        return found[name][-1][1]

    assert last(f'zero_conv/{convolutions - 1}') == pytest.approx(
        adapter.net.controlnet_mid_block.weight.norm().item()
    )
    assert last('zero_conv/0') > 0
    assert last('film/4') == pytest.approx(
        adapter.film_layers['4'].head.weight.norm().item()
    )
    radius, strength = adapter.dynamic_mask(torch.tensor([0.0, 0.5, 1.0]), 512)
    for name, values in (('radius', radius), ('strength', strength)):
        for i, time in enumerate(('0', '0.5', '1')):
            for block in (0, 1):
                wanted = values[i, block].mean().item()
                assert last(f'delta/{block}_{name}_t{time}') == pytest.approx(
                    wanted
                )
    assert 0 < last('gate/2_t0') < 1
    assert last('it_per_s') > 0
    # Nothing listens any more.
    assert not any(module._forward_hooks for module in model.modules())


def test_share_of_dropped_codes(tmp_path):
    knowledge = dict(
        type='mmkbdm.KnowledgeBase',
        source=dict(type='mmkbdm.RawText', in_dim=6, code_dim=4),
    )
    for share in (0.0, 1.0):
        folder = tmp_path / str(share)
        found, _ = run(folder, knowledge_base=dict(knowledge, drop_prob=share))
        assert {value for _, value in found['codes/dropped']} == {share}


def test_controlnet_has_fewer(tmp_path):
    found, _ = run(tmp_path, masks=None, knowledge_base=None, film=None)
    kinds = {name.partition('/')[0] for name in found if '/' in name}
    assert kinds == {'zero_conv'}


def test_stage1_tells_the_use_of_its_codes(tmp_path):
    cfg = config('stage1', tmp_path)
    cfg.visualizer.vis_backends = [dict(type='TensorboardVisBackend')]
    cfg.default_hooks.logger.interval = 1
    train(cfg)
    found = curves(tmp_path)
    assert {'perplexity', 'dead', 'loss_entropy'} <= set(found)
    assert {'codebook/perplexity', 'codebook/dead'} <= set(found)
    assert len(found['perplexity']) == 12
