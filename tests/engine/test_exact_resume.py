"""A resumed training is, bit by bit, the one that was never stopped."""

import pytest
import torch
from mmengine.config import Config
from training_parts import TinySamples, config, same, train

from mmkbdm.compat import read_checkpoint

KEPT = ('state_dict', 'optimizer', 'param_schedulers', 'chance')


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    # Laying out the configs in the logs would take most of the time.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')


def compare(tmp_path, make, stop_at, resumed_at, last):
    """Train at once and in two parts; everything has to be equal."""
    losses, whole = train(make(tmp_path / 'whole'))
    assert len(set(losses.values())) == len(losses)
    train(make(tmp_path / 'parts'), stop_at=stop_at)
    rest, runner = train(make(tmp_path / 'parts', resume=True))
    assert min(rest) == resumed_at + 1 and max(rest) == max(losses)
    assert rest == {n: losses[n] for n in rest}
    files = [read_checkpoint(tmp_path / n / last) for n in ('whole', 'parts')]
    for key in (*KEPT, 'ema_state_dict'):
        assert (key in files[0]) == (key in files[1])
        assert same(files[0].get(key), files[1].get(key)), key
    return runner


@pytest.mark.parametrize('workers', [0, 2])
def test_generator(tmp_path, workers):
    def make(folder, **changes):
        cfg = config('generator', folder, workers, **changes)
        cfg.train_dataloader.persistent_workers = workers > 0
        return cfg

    runner = compare(tmp_path, make, 5, 3, 'iter_6.pth')
    checkpoint = read_checkpoint(tmp_path / 'parts' / 'iter_6.pth')
    assert checkpoint['ema_state_dict']['steps'] == 6
    assert {group['lr'] for group in runner.optim_wrapper.param_groups} == {
        1e-3
    }


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('stage', ['stage1', 'stage2'])
def test_stages_of_the_knowledge_base(tmp_path, stage, workers):
    """With an evaluation, which draws, after the checkpoint."""

    def make(folder, **changes):
        return config(stage, folder, workers, **changes)

    # Epochs of three batches.
    compare(tmp_path, make, 8, 6, 'epoch_4.pth')


@pytest.mark.parametrize('stage', ['generator', 'stage2'])
def test_chance_in_the_pipeline(tmp_path, stage):
    def make(folder, **changes):
        return config(stage, folder, chance=True, **changes)

    last = 'iter_6.pth' if stage == 'generator' else 'epoch_4.pth'
    compare(tmp_path, make, 5, 3, last)


@pytest.mark.parametrize(
    ('interval', 'stop_at'), [(4, 5), (3, 5)], ids=['within', 'at its end']
)
def test_within_an_epoch(tmp_path, interval, stop_at):
    """A checkpoint of an iteration, of which a sampler of epochs knows."""

    def make(folder, **changes):
        cfg = config('stage2', folder, chance=True, **changes)
        cfg.default_hooks.checkpoint.update(by_epoch=False, interval=interval)
        return cfg

    compare(tmp_path, make, stop_at, interval, 'iter_12.pth')


def test_epochs_in_a_loop_of_iterations(tmp_path, monkeypatch):
    # MMEngine waits two seconds where an epoch ends.
    monkeypatch.setattr('time.sleep', lambda seconds: None)

    def make(folder, **changes):
        cfg = config('generator', folder, **changes)
        cfg.train_dataloader.sampler.type = 'DefaultSampler'
        # Epochs of two batches.
        cfg.train_dataloader.drop_last = True
        cfg.train_dataloader.dataset.size = 7
        return cfg

    compare(tmp_path, make, 5, 3, 'iter_6.pth')


def test_flexible_runner(tmp_path):
    """MMEngine's runner with strategies, of which DeepSpeed is one."""

    def make(folder, **changes):
        cfg = config('generator', folder, runner_type='FlexibleRunner')
        cfg.env_cfg = dict(dist_cfg=dict(backend='gloo'))
        # It loads before EMAHook has made its model.
        cfg.custom_hooks.pop()
        cfg.merge_from_dict(changes)
        return cfg

    compare(tmp_path, make, 5, 3, 'iter_6.pth')


def test_seed_that_the_config_leaves_to_chance(tmp_path):
    cfg = config('generator', tmp_path, randomness=dict(seed=None))
    cfg.train_dataloader.sampler.seed = None
    _, first = train(cfg, stop_at=4)
    seed = first.train_dataloader.sampler.seed
    cfg.resume = True
    _, second = train(cfg)
    assert second.train_dataloader.sampler.seed == seed


def test_data_is_not_loaded_again(tmp_path, monkeypatch):
    train(config('generator', tmp_path), stop_at=4)
    loaded = []
    cfg = config('generator', tmp_path, resume=True)
    take = TinySamples.__getitem__

    def count(self, index):
        loaded.append(index)
        return take(self, index)

    monkeypatch.setattr(TinySamples, '__getitem__', count)
    train(cfg)
    assert len(loaded) == 3 * 3


def test_checkpoint_without_states_is_told(tmp_path):
    losses, _ = train(config('generator', tmp_path), stop_at=4)
    path = tmp_path / 'iter_3.pth'
    checkpoint = torch.load(path, weights_only=True)
    checkpoint.pop('chance')
    torch.save(checkpoint, path)
    rest, _ = train(config('generator', tmp_path, resume=True))
    assert list(rest) == [4, 5, 6] and rest[4] != losses[4]
    [*_, log] = sorted(tmp_path.glob('*/*.log'))
    assert 'random states of 0 processes, not of 1' in log.read_text()


def test_epochs_of_another_length_begin_anew(tmp_path):
    train(config('stage2', tmp_path), stop_at=5)
    cfg = config('stage2', tmp_path, resume=True)
    cfg.train_dataloader.batch_size = 2
    rest, runner = train(cfg)
    # Three epochs of five batches, after one.
    assert list(rest) == list(range(6, 21)) and runner.epoch == 4
    [*_, log] = sorted(tmp_path.glob('*/*.log'))
    assert 'An epoch has 5 batches now' in log.read_text()


def test_checkpoints_for_use_have_no_states(tmp_path):
    cfg = config('stage2', tmp_path)
    cfg.default_hooks.checkpoint.save_best = 'code/top1'
    cfg.default_hooks.checkpoint.rule = 'greater'
    train(cfg)
    [best] = tmp_path.glob('best_*.pth')
    assert 'chance' not in read_checkpoint(best)
    assert 'chance' in read_checkpoint(tmp_path / 'epoch_4.pth')
