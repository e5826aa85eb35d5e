from dataclasses import asdict, dataclass, replace

import pytest

from mmkbdm.benchmark.runs import ResultFile, Run, RunError

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


def test_two_experiments_share_a_file(tmp_path):
    path = tmp_path / 'results.json'
    one, other = ResultFile(path), ResultFile(path)
    one.add(RUNS[0], ap=0.1)
    other.add(RUNS[1], ap=0.2)
    one.add(RUNS[2], ap=0.3)
    assert [r['ap'] for r in ResultFile(path).results] == [0.1, 0.2, 0.3]


def test_a_run_that_is_done_again_has_one_result(tmp_path):
    file = ResultFile(tmp_path / 'results.json')
    for ap in (0.1, 0.2):
        file.add(RUNS[0], ap=ap)
        file.add(RUNS[1], ap=ap)
    assert [r['ap'] for r in ResultFile(file.path).results] == [0.2, 0.2]


def test_results_without_a_name_have_its_default(tmp_path):
    @dataclass(frozen=True)
    class OnDevice(Run):
        device: str = 'cpu'

    path = tmp_path / 'results.json'
    ResultFile(path).add(RUNS[0], ap=0.1)
    file = ResultFile(path, dict(device='cpu'))
    here = OnDevice(**asdict(RUNS[0]))
    there = replace(here, device='cuda')
    assert file.missing([here, there]) == [there]
    file.add(there, ap=0.2)
    assert ResultFile(path, dict(device='cpu')).missing([there]) == []
    assert len(file.of('short')) == 2
