import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from train_neck_first_worker import make_runner

from mmkbdm.engine.hooks import SafeCheckpointHook, TrainNeckFirstHook

WORKER = Path(__file__).with_name('train_neck_first_worker.py')


def changed(before, after):
    """Names of what differs in any bit."""
    assert before.keys() == after.keys()
    return {k for k, v in before.items() if not torch.equal(v, after[k])}


def is_statistic(name):
    return name.endswith(('running_mean', 'running_var', 'batches_tracked'))


def check_neck_only(before, after):
    differs = changed(before, after)
    assert differs and all(name.startswith('neck.') for name in differs)


def check_everything(before, after):
    differs = changed(before, after)
    # What ReLU switched off everywhere may stand still.
    assert any(is_statistic(name) for name in differs)
    for part in ('backbone.', 'neck.', 'head.'):
        names = {name for name in before if name.startswith(part)}
        assert len(names & differs) >= 0.9 * len(names), part


def test_the_rest_is_bit_identical_at_first_and_trains_after(tmp_path):
    runner, states = make_runner(tmp_path, epochs=3, first=2)
    runner.train()
    start, first, second, third = states
    assert any(is_statistic(name) for name in start)
    check_neck_only(start, first)
    check_neck_only(first, second)
    check_everything(second, third)


def test_resumed_runs_know_their_epoch(tmp_path):
    make_runner(tmp_path, epochs=1, first=2)[0].train()
    runner, states = make_runner(tmp_path, epochs=3, first=2, resume=True)
    runner.train()
    resumed, second, third = states
    check_neck_only(resumed, second)
    check_everything(second, third)


def test_resumes_after_the_first_epochs(tmp_path):
    make_runner(tmp_path, epochs=1, first=1)[0].train()
    runner, states = make_runner(tmp_path, epochs=2, first=1, resume=True)
    runner.train()
    check_everything(*states)


def test_resumed_within_an_epoch(tmp_path):
    """Its first batch is not the first one of the epoch."""

    def run(iterations, **kwargs):
        runner, states = make_runner(
            *(tmp_path, 2, 2),
            train_cfg=dict(type='mmkbdm.ResumableEpochLoop', max_epochs=2),
            **kwargs,
        )
        for hook in runner.hooks:
            if isinstance(hook, SafeCheckpointHook):
                hook.by_epoch, hook.interval = False, iterations
                hook.filename_tmpl = 'iter_{}.pth'
        runner.train()
        return states

    run(3)
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'iter_3.pth'))
    states = run(100, resume=True)
    assert len(states) == 2
    check_neck_only(*states)


def test_what_the_host_freezes_stays_frozen(tmp_path):
    runner, states = make_runner(tmp_path, epochs=2, first=1, frozen_stages=1)
    runner.train()
    parameters = dict(runner.model.named_parameters())
    assert not parameters['backbone.layer1.0.conv1.weight'].requires_grad
    assert parameters['backbone.layer2.0.conv1.weight'].requires_grad
    differs = changed(states[1], states[2])
    assert not any(name.startswith('backbone.layer1') for name in differs)
    assert 'backbone.layer2.0.conv1.weight' in differs


def test_two_processes(tmp_path):
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2']
        + ['--rdzv_backend=c10d', '--rdzv_endpoint=localhost:0']
        + [str(WORKER), str(tmp_path)],
        env=dict(os.environ, OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    one, two = (
        torch.load(tmp_path / f'rank_{rank}.pt', weights_only=True)
        for rank in (0, 1)
    )
    check_neck_only(one[0], one[1])
    # One iteration an epoch: in the first, the zero-initialised norms of the
    # residual blocks keep the gradient from what is before them.
    check_everything(one[1], one[3])
    learnt = {name for name in one[3] if not is_statistic(name)}
    assert not learnt & changed(one[3], two[3])


@pytest.fixture
def process_group():
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group(
        'gloo', store=store, rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


def test_distributed_runs_need_find_unused_parameters(tmp_path, process_group):
    runner, _ = make_runner(tmp_path, 1, first=1)
    runner.model = MMDistributedDataParallel(runner.model)
    with pytest.raises(ValueError, match='set find_unused_parameters=True'):
        runner.train()


def test_errors_name_the_fix(tmp_path):
    with pytest.raises(ValueError, match='epochs=-1 must not be negative'):
        TrainNeckFirstHook(epochs=-1)
    by_iteration = dict(by_epoch=False, max_iters=1)
    runner, _ = make_runner(tmp_path, 1, first=1, train_cfg=by_iteration)
    with pytest.raises(ValueError, match='set train_cfg.by_epoch=True'):
        runner.train()
    runner, _ = make_runner(tmp_path, 1, first=1)
    del runner.model.neck
    with pytest.raises(ValueError, match='found no neck to train'):
        runner.train()
