"""The experiment's tool: its plan, its options, one real run."""

import importlib.util
import json
import sys
import threading
from pathlib import Path

import pytest
from mmengine.config import Config

from mmkbdm.benchmark.runs import Run
from mmkbdm.benchmark.toy_arms import ARMS, HOSTS
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


def test_plan(tool):
    args = tool.parse_args(['run', '--seeds', '0', '7'])
    runs = tool.plan(args)
    arms = sum(len(ARMS[study]) for study in ('short', 'wide', 'long'))
    assert len(runs) == len(set(runs)) == 2 * arms
    assert {run.seed for run in runs[:arms]} == {0}
    tune = tool.plan(tool.parse_args(['run', '--studies', 'tune']))
    assert {run.lr for run in tune} == {0.5, 1.0, 2.0}
    assert all(tool.data_of(run) == tool.TUNING_DATA for run in tune)


def test_every_arm_has_a_config():
    for study, arms in ARMS.items():
        for arm in arms:
            name = f'configs/rmpg/toyhuman/{HOSTS[study]}_{arm}.py'
            assert (ROOT / name).exists()
    named = {f'{HOSTS[s]}_{arm}' for s, arms in ARMS.items() for arm in arms}
    folder = ROOT / 'configs' / 'rmpg' / 'toyhuman'
    assert named == {path.stem for path in folder.glob('*.py')}


def test_options_reach_the_config(tool):
    run = Run('long', 'short_default', seed=3, lr=0.5, iters=1500)
    cfg = Config.fromfile(tool.CONFIGS / 'short_default.py')
    rate = cfg.optim_wrapper.optimizer.lr
    pairs = (option.split('=', 1) for option in tool.options(run))
    cfg.merge_from_dict(
        {k: v if '/' in v else json.loads(v) for k, v in pairs}
    )
    assert cfg.randomness.seed == 3
    assert cfg.optim_wrapper.optimizer.lr == rate / 2
    assert cfg.train_cfg.max_iters == cfg.train_cfg.val_interval == 1500
    assert cfg.param_scheduler[1].T_max == 1500
    assert 'experiment' in cfg.val_evaluator[1].ann_file


def test_one_line_errors(tool, monkeypatch, tmp_path, capsys):
    for words, message in (
        (['run', '--arms', 'defualt'], '--arms defualt: the studies'),
        (['report', '--out', tmp_path], 'holds no run'),
    ):
        with pytest.raises(SystemExit) as stop:
            call(tool, monkeypatch, *words)
        assert stop.value.code == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count('\n') == 1
    monkeypatch.setattr(tool, 'DATA', tmp_path / 'nowhere')
    with pytest.raises(SystemExit):
        call(tool, monkeypatch, 'run', '--out', tmp_path)
    assert 'make it by python tools/dataset/make' in capsys.readouterr().err


def test_one_run_of_the_experiment(tool, monkeypatch, tmp_path, capsys):
    data = tmp_path / 'data'
    write_dataset(data, num_train=8, num_val=3, size=64, max_people=1)
    monkeypatch.setattr(tool, 'DATA', data)
    monkeypatch.setitem(tool.ITERS, 'short', 2)
    words = ['--studies', 'short', '--arms', 'supervised', '--seeds', '5']
    words += ['--out', tmp_path, '--work-dir', tmp_path / 'work']
    monkeypatch.setenv('PYTHONPATH', str(ROOT))
    options, threads = tool.options, []

    def recorded(run):
        threads.append(threading.current_thread())
        return options(run)

    monkeypatch.setattr(tool, 'options', recorded)
    call(tool, monkeypatch, 'run', *words, '--jobs', '1')
    # MMEngine cannot read configs in several threads at once.
    assert threads == [threading.main_thread()]
    (result,) = json.loads((tmp_path / 'rmpg_toy.json').read_text())
    assert result['config'] == 'short_supervised'
    assert (result['seed'], result['iters']) == (5, 2)
    assert {'coco/AP', 'occluded/AP', 'swap/rate'} <= set(result)
    capsys.readouterr()
    call(tool, monkeypatch, 'run', *words)
    assert '1 of 1 runs are done' in capsys.readouterr().out


def test_cost_of_an_arm(tool, monkeypatch, tmp_path):
    words = ['--arms', 'none', 'supervised', '--out', tmp_path]
    call(tool, monkeypatch, 'cost', *words, '--repeats', '1')
    arms = json.loads((tmp_path / 'rmpg_toy_cost.json').read_text())['arms']
    assert arms['none']['params'] == 272_657
    assert arms['supervised']['params'] == 431_889
    assert arms['supervised']['macs'] > arms['none']['macs'] > 4e7
    assert all(arm['seconds'] > 0 for arm in arms.values())
