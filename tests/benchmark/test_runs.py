import json
import threading
import time

import pytest

from mmkbdm.benchmark.runs import (
    ResultFile,
    Run,
    RunError,
    Trainer,
    last_metrics,
    run_all,
)

RUNS = [Run('short', 'short_none', seed) for seed in range(4)]


def test_finished_runs_are_not_done_again(tmp_path):
    path = tmp_path / 'docs' / 'results.json'
    ResultFile(path).add(RUNS[2], **{'coco/AP': 0.5})
    file = ResultFile(path)
    assert file.missing(RUNS) == [RUNS[0], RUNS[1], RUNS[3]]
    other = Run('short', 'short_none', 2, lr=2.0)
    assert file.missing([other]) == [other]
    (result,) = file.of('short')
    assert result['coco/AP'] == 0.5
    assert file.of('wide') == []
    assert [p.name for p in path.parent.iterdir()] == ['results.json']


@pytest.mark.parametrize('text', ['{', '[{"study": "short"}]', '[1]'])
def test_foreign_result_file_is_refused_and_kept(tmp_path, text):
    path = tmp_path / 'results.json'
    path.write_text(text)
    with pytest.raises(RunError, match='results.json is no list of results'):
        ResultFile(path)
    assert path.read_text() == text


def test_a_failed_run_does_not_stop_the_others():
    def work(run):
        if run.seed == 1:
            raise RunError('out of luck')
        return dict(seed=run.seed)

    outcomes = dict(run_all(RUNS, 2, work))
    assert isinstance(outcomes.pop(RUNS[1]), RunError)
    assert all(
        outcome['seed'] == run.seed for run, outcome in outcomes.items()
    )
    assert len(outcomes) == 3


def test_runs_go_side_by_side():
    both = threading.Barrier(2, timeout=30)

    def work(run):
        both.wait()
        return {}

    assert len(list(run_all(RUNS, 2, work))) == 4


def test_a_defect_is_not_hidden():
    def work(run):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run_all(RUNS, 2, work))


def test_metrics_of_the_newest_evaluation(tmp_path):
    for stamp, ap in (('20260101', 0.1), ('20260102', 0.2)):
        folder = tmp_path / stamp / 'vis_data'
        folder.mkdir(parents=True)
        lines = [
            {'loss': 1.0, 'step': 1},
            {'coco/AP': ap - 0.05, 'step': 1},
            {'coco/AP': ap, 'swap/rate': 0.3, 'step': 2},
            {'loss': 0.5, 'step': 3},
        ]
        text = '\n'.join(json.dumps(line) for line in lines)
        (folder / 'scalars.json').write_text(text)
    assert last_metrics(tmp_path) == {'coco/AP': 0.2, 'swap/rate': 0.3}
    with pytest.raises(RunError, match='holds no evaluation'):
        last_metrics(tmp_path / '20260101' / 'vis_data')


def test_two_experiments_share_a_file(tmp_path):
    path = tmp_path / 'results.json'
    one, other = ResultFile(path), ResultFile(path)
    one.add(RUNS[0], ap=0.1)
    other.add(RUNS[1], ap=0.2)
    one.add(RUNS[2], ap=0.3)
    assert [r['ap'] for r in ResultFile(path).results] == [0.1, 0.2, 0.3]


def test_interruption_ends_the_trainings(tmp_path, monkeypatch):
    """The processes end at once, and a failed one names its log."""
    tools = tmp_path / 'tools'
    tools.mkdir()
    script = 'import sys, time; print("here"); time.sleep(float(sys.argv[1]))'
    (tools / 'train.py').write_text(script)
    monkeypatch.chdir(tmp_path)
    trainer = Trainer()

    def work(run):
        # The first ends by itself, without an evaluation; the second lasts.
        seconds = '60' if run.seed else '0'
        return trainer.train(run, seconds, tmp_path / str(run.seed), [])

    start = time.time()
    outcomes = run_all(RUNS[:2], 2, work, trainer.stop)
    run, error = next(outcomes)
    assert run.seed == 0
    assert 'holds no evaluation' in str(error)
    with pytest.raises(KeyboardInterrupt):
        outcomes.throw(KeyboardInterrupt)
    assert time.time() - start < 30
    with pytest.raises(RunError, match=r'seed1 failed, see .*log: ValueError'):
        trainer.train(RUNS[1], 'nonsense', tmp_path, [])
