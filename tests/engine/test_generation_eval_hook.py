import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from generation_eval_parts import hook_cfg, make_runner, noise

from mmkbdm.apis.errors import PreflightError
from mmkbdm.compat import read_checkpoint
from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.engine.hooks import GenerationEvalHook

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name('generation_eval_parts.py')


def local():
    """Config of a visualizer that writes files."""
    backends = ('LocalVisBackend', 'TensorboardVisBackend')
    return dict(
        type='Visualizer', vis_backends=[dict(type=one) for one in backends]
    )


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toyhuman')
    write_dataset(folder, num_train=1, num_val=6, size=64, max_people=2)
    return folder


def scalars(work_dir):
    """Lines of the local backend that the hook has written."""
    [file] = Path(work_dir).glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line for line in lines if 'pose/PCE' in line]


def find(runner):
    return next(h for h in runner.hooks if isinstance(h, GenerationEvalHook))


def test_scores_pictures_and_log(data, tmp_path):
    hook = hook_cfg(data, features=dict(type='mmkbdm.MeanColours'))
    runner, _ = make_runner(tmp_path, [hook], visualizer=local())
    runner.train()
    lines = scalars(tmp_path)
    assert [line['step'] for line in lines] == [2, 4]
    for name in ('pose/AP', 'pose/CAP', 'image/FID_MeanColours'):
        assert name in lines[0]
    assert 'pose/pairs_undefined' not in lines[0]
    assert (
        lines[0]['image/FID_MeanColours']
        != (lines[1]['image/FID_MeanColours'])
    )
    history = runner.message_hub.get_scalar('generation/pose/PCE')
    assert len(history.data[0]) == 2
    pages = sorted(tmp_path.glob('*/vis_data/vis_image/generation_*.png'))
    assert [page.stem for page in pages] == ['generation_2', 'generation_4']
    assert cv2.imread(str(pages[0])).std() > 10
    assert list(tmp_path.glob('*/vis_data/events.out.tfevents.*'))
    [log] = tmp_path.glob('*/*.log')
    assert 'Generated 5 images at iter 4: pose/AP' in log.read_text()
    # The same conditions every time, spread over six images.
    calls = [ids for ids, training in runner.model.calls if not training]
    assert [len(ids) for ids in calls] == [2, 2, 1] * 2
    assert calls[:3] == calls[3:]
    assert len({i for ids in calls for i in ids}) == 5


def test_equal_weights_give_equal_scores(data, tmp_path):
    frozen = dict(optimizer=dict(type='SGD', lr=0.0))
    runner, _ = make_runner(
        tmp_path, [hook_cfg(data)], optim_wrapper=frozen, visualizer=local()
    )
    runner.train()
    one, two = scalars(tmp_path)
    assert {**one, 'step': 4} == two


@pytest.mark.parametrize('averaged', [False, True])
def test_training_is_bit_identical_without_the_hook(data, tmp_path, averaged):
    results = []
    for name in ('with', 'without'):
        hooks = [hook_cfg(data, save_best='pose/CAP')] * (name == 'with')
        hooks += [dict(type='EMAHook', momentum=0.5)] * averaged
        runner, losses = make_runner(tmp_path / name, hooks, iters=6)
        runner.train()
        results.append((losses, runner.model.state_dict(), torch.rand(3)))
    (losses, state, chance), (plain_losses, plain_state, plain_chance) = (
        results
    )
    assert losses == plain_losses and len(losses) == 6
    assert len(set(losses)) == 6
    for name, value in state.items():
        assert torch.equal(value, plain_state[name]), name
    assert torch.equal(chance, plain_chance)
    assert runner.model.dropout.training


def test_averaged_weights_are_scored_and_kept(data, tmp_path):
    """The file of the best weights scores what the log says."""
    hooks = [
        hook_cfg(
            data,
            features=dict(type='mmkbdm.MeanColours'),
            save_best='image/FID_MeanColours',
        ),
        dict(type='EMAHook', momentum=0.5),
    ]
    runner, _ = make_runner(tmp_path / 'a', hooks, iters=2, visualizer=local())
    runner.train()
    [line] = scalars(tmp_path / 'a')
    [best] = (tmp_path / 'a').glob('best_image_FID_MeanColours_iter_2.pth')
    frozen = dict(optimizer=dict(type='SGD', lr=0.0))
    again, _ = make_runner(
        tmp_path / 'b',
        hooks[:1],
        iters=2,
        load_from=str(best),
        optim_wrapper=frozen,
        visualizer=local(),
    )
    again.train()
    name = 'image/FID_MeanColours'
    assert scalars(tmp_path / 'b')[0][name] == pytest.approx(line[name])
    raw = read_checkpoint(tmp_path / 'a' / 'iter_2.pth')['ema_state_dict']
    averaged = read_checkpoint(best)['state_dict']
    assert not torch.equal(raw['module.mix.weight'], averaged['mix.weight'])


def test_the_best_weights_are_kept(data, tmp_path, monkeypatch):
    given = iter([0.2, 0.1, float('nan'), 0.3, 0.25])
    monkeypatch.setattr(
        GenerationEvalHook, '_score', lambda *_: {'pose/AP': next(given)}
    )
    hook = hook_cfg(data, save_best='pose/AP')
    runner, _ = make_runner(tmp_path, [hook], iters=6)
    runner.train()
    assert [p.name for p in tmp_path.glob('best*')] == [
        'best_pose_AP_iter_2.pth'
    ]
    resumed, _ = make_runner(tmp_path, [hook], iters=10, resume=True)
    resumed.train()
    assert [p.name for p in tmp_path.glob('best*')] == [
        'best_pose_AP_iter_8.pth'
    ]
    best = read_checkpoint(tmp_path / 'best_pose_AP_iter_8.pth')
    assert 'optimizer' not in best and best['meta']['iter'] == 8
    same = read_checkpoint(tmp_path / 'iter_8.pth')['state_dict']
    assert all(torch.equal(v, same[k]) for k, v in best['state_dict'].items())
    # CheckpointHook goes on as if nothing was there.
    assert len(list(tmp_path.glob('iter_*.pth'))) == 5


def test_every_epoch(data, tmp_path):
    runner, _ = make_runner(
        tmp_path,
        [hook_cfg(data, by_epoch=True, save_best='pose/PCE')],
        train_cfg=dict(by_epoch=True, max_epochs=2),
        train_dataloader=dict(
            dataset=noise(6),
            batch_size=2,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
        ),
        default_hooks=dict(
            checkpoint=dict(type='mmkbdm.SafeCheckpointHook', interval=1)
        ),
        visualizer=local(),
    )
    runner.train()
    [line] = scalars(tmp_path)
    assert line['step'] == 6
    best = read_checkpoint(tmp_path / 'best_pose_PCE_epoch_2.pth')
    assert best['meta']['epoch'] == 2


@pytest.mark.parametrize('protocol', ['standard', 'legacy'])
def test_nobody_is_found(data, tmp_path, protocol):
    hook = hook_cfg(
        data,
        protocol=protocol,
        switches=dict(fail_without_detections=True),
    )
    hook['judge'] = dict(type='mmkbdm.PixelJudge', people=0)
    runner, losses = make_runner(tmp_path, [hook], visualizer=local())
    runner.train()
    assert len(losses) == 4
    assert scalars(tmp_path)[0]['pose/AP'] <= 0


def test_mistakes_are_told(data, tmp_path):
    with pytest.raises(ValueError, match="save_best='pose/accuracy' must"):
        GenerationEvalHook(1, {}, 1, {}, save_best='pose/accuracy')
    with pytest.raises(ValueError, match="rule='more'"):
        GenerationEvalHook(1, {}, 1, {}, rule='more')
    with pytest.raises(ValueError, match='standard'):
        GenerationEvalHook(1, {}, 1, {}, protocol='new')
    hook = hook_cfg(data, save_best='image/FID_Nothing')
    runner, _ = make_runner(tmp_path, [hook])
    with pytest.raises(PreflightError, match='none of the scores: pose/AP'):
        runner.train()
    hook = hook_cfg(data)
    hook['dataset']['pipeline'].insert(1, dict(type='mmkbdm.RandomPoseFlip'))
    runner, _ = make_runner(tmp_path, [hook])
    with pytest.raises(PreflightError, match='Hook has RandomPoseFlip in'):
        runner.train()
    runner, _ = make_runner(tmp_path, [hook_cfg(data)])
    runner.model = torch.nn.Linear(2, 2)
    with pytest.raises(PreflightError, match='Linear has no generate'):
        find(runner).before_run(runner)


def test_judge_of_a_file(data, tmp_path):
    path = tmp_path / 'judge.py'
    path.write_text("judge = dict(type='mmkbdm.PixelJudge', people=3)\n")
    runner, _ = make_runner(tmp_path, [{**hook_cfg(data), 'judge': str(path)}])
    find(runner).before_run(runner)
    assert find(runner).judge.people == 3


def test_dataset_of_a_file(data, tmp_path):
    path = tmp_path / 'data.py'
    path.write_text(f'dataset = {hook_cfg(data)["dataset"]!r}\n')
    hook = {**hook_cfg(data), 'dataset': str(path)}
    runner, _ = make_runner(tmp_path, [hook])
    find(runner).before_run(runner)
    assert len(find(runner).dataset) == 6
    path.write_text('')
    with pytest.raises(PreflightError, match='data.py has no dataset'):
        find(runner).before_run(runner)


@pytest.mark.slow
def test_two_processes_score_as_one(data, tmp_path):
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2']
        + ['--rdzv_backend=c10d', '--rdzv_endpoint=localhost:0']
        + [str(WORKER), str(data), str(tmp_path / 'two')],
        env=dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    [best] = (tmp_path / 'two').glob('best_pose_CAP_iter_2.pth')
    [line] = scalars(tmp_path / 'two')
    # One process with the weights of the two, which train on other batches.
    hook = hook_cfg(data, features=dict(type='mmkbdm.MeanColours'))
    runner, _ = make_runner(
        tmp_path / 'one',
        [hook],
        iters=2,
        load_from=str(best),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)),
        visualizer=local(),
    )
    runner.train()
    [alone] = scalars(tmp_path / 'one')
    assert alone.keys() == line.keys()
    for name, value in alone.items():
        np.testing.assert_allclose(line[name], value, err_msg=name)
