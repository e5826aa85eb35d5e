"""Training stops at numbers that are none; real overflows."""

import math

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch import nn
from training_parts import config, train

from mmkbdm.apis.errors import user_message
from mmkbdm.compat import read_checkpoint
from mmkbdm.engine.hooks import FiniteLossHook
from mmkbdm.engine.last_good import last_good_checkpoint
from mmkbdm.registry import HOOKS, MODELS
from mmkbdm.utils.errors import NotFiniteError

HALF = dict(type='mmkbdm.AutocastOptimWrapper', dtype='float16')


@MODELS.register_module()
class Steep(BaseModel):
    """Its loss is small, its gradient beyond half precision."""

    def __init__(self, steepness):
        super().__init__()
        self.linear = nn.Linear(6, 1)
        self.steepness = steepness

    def forward(self, features, mode='loss', **unused):
        out = self.linear(torch.stack(list(features))).float()
        return dict(loss=(self.steepness * out).sin().mean())


@HOOKS.register_module()
class Explode(Hook):
    """Makes the gradient of one step overflow in float32."""

    def __init__(self, at):
        self.at = at

    def before_train_iter(self, runner, batch_idx, data_batch):
        runner.model.steepness = 3e38 if runner.iter + 1 == self.at else 1.0


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Config, 'pretty_text', 'left out')


def steep(folder, steepness, **changes):
    """A training in half precision."""
    cfg = config('stage1', folder, val_dataloader=None)
    cfg.model = dict(type='mmkbdm.Steep', steepness=steepness)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.optim_wrapper.update(HALF)
    cfg.train_cfg.max_epochs = 10
    cfg.merge_from_dict(changes)
    return cfg


def stopped(cfg):
    """Train until the error; returns its one line."""
    with pytest.raises(NotFiniteError) as caught:
        train(cfg)
    message = user_message(caught.value)
    assert message == str(caught.value) and '\n' not in message
    print(message)
    return message


@pytest.mark.parametrize('collate', ['pseudo_collate', 'default_collate'])
def test_diverging_generator(tmp_path, collate):
    """Steps so large that float32 overflows."""
    cfg = config('generator', tmp_path)
    cfg.train_dataloader.collate_fn.type = collate
    cfg.train_cfg.max_iters = 60
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=1)
    cfg.optim_wrapper.optimizer.lr = 1e18
    cfg.param_scheduler = None
    message = stopped(cfg)
    assert 'no number' in message or 'the norm of the gradient' in message
    assert message.startswith('training stopped at iteration ')
    number = int(message.split('iteration ')[1].split(',')[0])
    ids = message.split('images ')[1].split(': ')[0].split(', ')
    assert len(ids) == 3 and all(0 <= int(one) < 10 for one in ids)
    # The step of the iteration before may have spoilt the weights.
    kept = tmp_path / f'iter_{number - 1}.pth'
    assert [kept] == list(tmp_path.glob('iter_*.pth'))
    state = read_checkpoint(kept)['state_dict']
    if all(value.isfinite().all() for value in state.values()):
        assert f'--resume {kept} goes on once these images' in message
    else:
        assert 'no good checkpoint yet' in message


def test_gradient_that_overflows_spoils_no_checkpoint(tmp_path):
    """Without a scale, its step is taken."""
    cfg = steep(tmp_path, 1.0)
    cfg.optim_wrapper.dtype = 'bfloat16'
    cfg.default_hooks.checkpoint.update(by_epoch=False)
    cfg.custom_hooks.append(dict(type='mmkbdm.Explode', at=3))
    message = stopped(cfg)
    assert 'at iteration 3, a batch without img_id: the norm of' in message
    kept = tmp_path / 'iter_2.pth'
    assert f'the last good checkpoint is {kept}: --resume' in message
    assert not (tmp_path / 'iter_3.pth').exists()
    # It can be gone on from.
    cfg.custom_hooks.pop()
    cfg.resume = True
    losses, _ = train(cfg)
    assert list(losses) == list(range(3, 31))


def test_skipped_steps_are_no_errors(tmp_path):
    """The first scale is too large by far, and falls."""
    cfg = steep(tmp_path, 1.0)
    cfg.optim_wrapper.loss_scale = dict(init_scale=2.0**24)
    losses, runner = train(cfg)
    assert len(losses) == 30
    scale = runner.optim_wrapper.loss_scaler.get_scale()
    assert 2**10 < scale < 2**20
    norms = runner.message_hub.get_scalar('train/grad_norm').data[0]
    skipped = sum(not math.isfinite(norm) for norm in norms)
    assert scale == 2.0 ** (24 - skipped)


def test_scale_that_does_not_recover(tmp_path):
    message = stopped(steep(tmp_path, 3e6))
    assert 'at iteration 17' in message
    assert '17 steps in a row had a gradient that overflowed' in message
    assert 'loss scale of 0.5' in message
    assert 'last good checkpoint is' in message


def test_scale_that_falls_too_far(tmp_path):
    cfg = steep(tmp_path, 3e6)
    cfg.default_hooks.finite_loss.update(max_skips=100, min_scale=64.0)
    assert 'the loss scale has fallen to 32;' in stopped(cfg)


def test_gathered_gradients_are_looked_at_where_a_step_is_made(tmp_path):
    cfg = steep(tmp_path, 3e6)
    cfg.optim_wrapper.accumulative_counts = 2
    cfg.default_hooks.finite_loss.max_skips = 3
    message = stopped(cfg)
    assert 'at iteration 8' in message and '4 steps in a row' in message


def test_resumed_training_knows_its_scale(tmp_path):
    cfg = steep(tmp_path, 1.0)
    cfg.optim_wrapper.loss_scale = dict(init_scale=2.0**8)
    train(cfg, stop_at=4)
    cfg.resume = True
    _, runner = train(cfg)
    [hook] = [h for h in runner.hooks if isinstance(h, FiniteLossHook)]
    assert hook._scale == runner.optim_wrapper.loss_scaler.get_scale() == 256


def test_last_good_checkpoint(tmp_path):
    assert last_good_checkpoint(tmp_path) is None
    weight = torch.ones(2)
    for number, value in ((1, 1.0), (2, 2.0), (3, float('nan'))):
        path = tmp_path / f'iter_{number}.pth'
        torch.save(dict(state_dict=dict(weight=value * weight)), path)
    (tmp_path / 'iter_4.pth').write_bytes(b'PK\x03\x04half')
    assert last_good_checkpoint(tmp_path) == tmp_path / 'iter_2.pth'
    averaged = dict(weight=weight / 0)
    content = dict(state_dict=dict(weight=weight), ema_state_dict=averaged)
    torch.save(content, tmp_path / 'iter_5.pth')
    assert last_good_checkpoint(tmp_path) == tmp_path / 'iter_2.pth'
