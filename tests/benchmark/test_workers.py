"""Tasks in processes: order, failure, death, interruption."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from mmkbdm.benchmark import workers
from mmkbdm.benchmark.runs import RunError
from mmkbdm.benchmark.workers import Task, run_tasks


@pytest.fixture(autouse=True)
def light(monkeypatch):
    """Processes that import nothing heavy."""
    monkeypatch.setattr(workers, 'PRELOAD', [])


def work(task, report):
    """Do what the settings of a task say."""
    settings = task.settings
    print('at work')
    report(1)
    if 'wait' in settings:
        time.sleep(settings['wait'])
    if 'exit' in settings:
        os._exit(settings['exit'])
    if 'raise' in settings:
        raise ZeroDivisionError(settings['raise'])
    method = multiprocessing.get_start_method(allow_none=True)
    return dict(process=os.getpid(), done=time.time(), method=method)


def make(tmp_path, name, *needs, **settings):
    return Task(
        name, str(tmp_path / f'{name}.log'), needs=needs, settings=settings
    )


def test_needs_come_first_and_processes_stay(tmp_path):
    tasks = [
        make(tmp_path, 'c', 'b', 'elsewhere'),
        make(tmp_path, 'b', 'a'),
        make(tmp_path, 'a'),
    ]
    steps = []
    results = {
        task.name: result
        for task, result in run_tasks(tasks, 2, work, steps.append)
    }
    assert list(results) == ['a', 'b', 'c']
    assert len({result['process'] for result in results.values()}) == 1
    assert steps == [1, 1, 1]
    assert Path(tasks[0].log).read_text() == 'at work\n'


@pytest.mark.parametrize('fork', [True, False])
def test_processes_for_a_gpu_are_no_forks(tmp_path, fork):
    tasks = [make(tmp_path, name, *needs) for name, *needs in ['a', 'ba']]
    results = [r for _, r in run_tasks(tasks, 1, work, fork=fork)]
    assert {r['method'] for r in results} == {
        'forkserver' if fork else 'spawn'
    }
    assert results[0]['process'] == results[1]['process']


def test_side_by_side(tmp_path):
    tasks = [make(tmp_path, str(i), wait=0.5) for i in range(2)]
    results = [result for _, result in run_tasks(tasks, 2, work)]
    assert results[0]['process'] != results[1]['process']


def test_failure_and_death_do_not_stop_the_others(tmp_path):
    tasks = [
        make(tmp_path, 'raises', **{'raise': 'out of\nluck'}),
        make(tmp_path, 'dies', exit=3),
        make(tmp_path, 'next', 'raises'),
        make(tmp_path, 'after', 'next'),
        make(tmp_path, 'good'),
    ]
    results = {t.name: result for t, result in run_tasks(tasks, 1, work)}
    assert 'raises.log: out of luck' in str(results['raises'])
    assert 'ended with 3' in str(results['dies'])
    assert str(results['next']) == 'next needs raises'
    assert str(results['after']) == 'after needs next'
    assert results['good']['process']
    assert 'Traceback' in Path(tasks[0].log).read_text()
    assert sum(isinstance(r, RunError) for r in results.values()) == 4


def test_a_circle_is_refused(tmp_path):
    tasks = [make(tmp_path, 'a', 'b'), make(tmp_path, 'b', 'a')]
    with pytest.raises(ValueError, match='a waits for itself'):
        list(run_tasks(tasks, 1, work))


def test_interruption_ends_the_processes(tmp_path):
    tasks = [
        make(tmp_path, 'short'),
        make(tmp_path, 'long', wait=60),
    ]
    start = time.time()
    outcomes = run_tasks(tasks, 2, work)
    assert next(outcomes)[0].name == 'short'
    with pytest.raises(KeyboardInterrupt):
        outcomes.throw(KeyboardInterrupt)
    assert time.time() - start < 30
