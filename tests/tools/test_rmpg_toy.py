"""The experiment's tool: its plan, its options, one real run."""

import importlib.util
import json
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from mmengine.config import Config

from mmkbdm.benchmark import toy_arms
from mmkbdm.benchmark.runs import RunError
from mmkbdm.benchmark.toy_arms import ARMS, HOSTS
from mmkbdm.benchmark.toy_plan import ToyRun, chosen_rates, config_path
from mmkbdm.benchmark.toy_work import settled, work
from mmkbdm.benchmark.workers import run_tasks
from mmkbdm.datasets.toy_human import write_dataset

ROOT = Path(__file__).parents[2]
PATH = ROOT / 'tools' / 'benchmark' / 'rmpg_toy.py'


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.chdir(ROOT)
    spec = importlib.util.spec_from_file_location('rmpg_toy', PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(tool, monkeypatch, *words):
    monkeypatch.setattr(sys, 'argv', ['rmpg_toy.py', *map(str, words)])
    tool.main()


def test_every_arm_has_a_config():
    for study, arms in ARMS.items():
        for arm in arms:
            name = f'configs/rmpg/toyhuman/{HOSTS[study]}_{arm}.py'
            assert (ROOT / name).exists()
    named = {f'{HOSTS[s]}_{arm}' for s, arms in ARMS.items() for arm in arms}
    folder = ROOT / 'configs' / 'rmpg' / 'toyhuman'
    assert named == {path.stem for path in folder.glob('*.py')}


def test_a_run_reaches_the_config(monkeypatch):
    monkeypatch.chdir(ROOT)
    run = ToyRun('long', 'short_default', 3, 0.5, 1500, 10.0, 'cuda')
    rate = Config.fromfile(config_path(run)).optim_wrapper.optimizer.lr
    cfg = settled(run, Path('data/here'))
    assert cfg.randomness.seed == 3
    assert cfg.optim_wrapper.optimizer.lr == rate / 2
    assert cfg.optim_wrapper.optimizer.fused
    gamma = cfg.optim_wrapper.paramwise_cfg.custom_keys.gamma
    assert gamma == dict(decay_mult=0.0, lr_mult=10.0)
    assert cfg.train_cfg.max_iters == cfg.train_cfg.val_interval == 1500
    assert cfg.param_scheduler[1].T_max == 1500
    assert cfg.val_evaluator[1].ann_file == 'data/here/annotations/val.json'


def test_one_line_errors(tool, monkeypatch, tmp_path, capsys):
    for words, message in (
        (['run', '--arms', 'defualt'], '--arms defualt: the studies'),
        (['report', '--out', tmp_path], 'holds no run'),
        (['cost', '--arms', 'defualt'], '--arms defualt: the studies short'),
        (['run', '--jobs', 0], '--jobs 0 must be 1 or more'),
        (['cost', '--repeats', 0], '--repeats 0 must be 1 or more'),
    ):
        with pytest.raises(SystemExit) as stop:
            call(tool, monkeypatch, *words)
        assert stop.value.code == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count('\n') == 1
    monkeypatch.setitem(tool.DATA, 'compare', tmp_path / 'nowhere')
    with pytest.raises(SystemExit):
        call(
            *(tool, monkeypatch, 'run', '--studies', 'short'),
            *('--out', tmp_path),
        )
    assert 'make it by python tools/dataset/make' in capsys.readouterr().err


def test_the_experiment(tool, monkeypatch, tmp_path, capsys):
    """Rates are chosen, then an arm is trained with them, and no more."""
    for name, seed in (('tune', 0), ('compare', 1)):
        data = tmp_path / name
        sizes = dict(num_train=8, num_val=3, size=64, max_people=1)
        write_dataset(data, seed=seed, **sizes)
        monkeypatch.setitem(tool.DATA, name, data)
    for study in ('tune', 'short'):
        monkeypatch.setitem(toy_arms.ITERS, study, 2)
    words = ['--studies', 'tune', 'short', '--arms', 'supervised']
    words += ['--rates', 1, '--seeds', 5, '--jobs', 2]
    words += ['--out', tmp_path, '--work-dir', tmp_path / 'work']
    call(tool, monkeypatch, 'record', *words)
    records = {p.name for p in (tmp_path / 'work/records').glob('*.pt')}
    assert records == {
        *('tune_seed100.pt', 'tune_evaluation.pt'),
        *('compare_seed5.pt', 'compare_evaluation.pt'),
    }
    call(tool, monkeypatch, 'run', *words)
    results = json.loads((tmp_path / 'rmpg_toy.json').read_text())
    final, *tuning = results
    assert [r['gate'] for r in tuning] == [1.0, 10.0]
    assert {r['device'] for r in results} == {'cpu'}
    assert (final['config'], final['seed']) == ('short_supervised', 5)
    assert (final['lr'], final['gate']) == chosen_rates(results, 'cpu')[
        'supervised'
    ]
    for result in results:
        assert {'coco/AP', 'occluded/AP', 'swap/rate'} <= set(result)
    capsys.readouterr()
    before = (tmp_path / 'rmpg_toy.json').read_text()
    call(tool, monkeypatch, 'run', *words)
    assert (tmp_path / 'rmpg_toy.json').read_text() == before


def test_in_a_process_that_has_imported_nothing(tool, monkeypatch, tmp_path):
    """As on a GPU, or where another experiment has forked before."""
    sizes = dict(num_train=8, num_val=3, size=64, max_people=1)
    write_dataset(tmp_path / 'data', seed=0, **sizes)
    monkeypatch.setitem(tool.DATA, 'compare', tmp_path / 'data')
    args = Namespace(work_dir=str(tmp_path), graph=False)
    run = ToyRun('short', 'short_lite', 0, iters=2)
    tasks = [tool.record_task(run, args), tool.train_task(run, args)]
    results = dict(run_tasks(tasks, 1, work, fork=False))
    assert 'coco/AP' in results[tasks[1]], results


def test_a_failed_choice_stops_nothing_else(
    tool, monkeypatch, tmp_path, capsys
):
    """What can be done is done, and the exit tells of the rest."""
    done = []

    def run_tasks(tasks, *args, **kwargs):
        for task in tasks:
            done.append(task.name)
            yield task, RunError('out of luck')

    for name in tool.DATA:
        (tmp_path / name / 'annotations').mkdir(parents=True)
        (tmp_path / name / 'annotations/val.json').touch()
        monkeypatch.setitem(tool.DATA, name, tmp_path / name)
    monkeypatch.setattr(tool, 'run_tasks', run_tasks)
    words = ['--studies', 'tune', 'wide', '--arms', 'none', '--seeds', 0]
    with pytest.raises(SystemExit):
        call(tool, monkeypatch, 'run', *words, '--out', tmp_path)
    assert 'error: 6 tasks failed, see the logs' in capsys.readouterr().err
    assert done[-1] == 'wide/wide_none/lr1_iters500_gate1_cpu_seed0'


def test_cost_of_an_arm(tool, monkeypatch, tmp_path):
    words = ['--arms', 'none', 'supervised', '--out', tmp_path]
    call(tool, monkeypatch, 'cost', *words, '--repeats', '1')
    out = json.loads((tmp_path / 'rmpg_toy_cost.json').read_text())
    assert set(out['measured']) == {'cpu'}
    arms = out['arms']
    assert arms['none']['params'] == 272_657
    assert arms['supervised']['params'] == 431_889
    assert arms['supervised']['macs'] > arms['none']['macs'] > 4e7
    assert all(arm['seconds'] > 0 for arm in arms.values())
