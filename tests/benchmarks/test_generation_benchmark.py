"""The benchmark of generators, from the command to the page."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'benchmarks' / 'generation.py'


@pytest.fixture(scope='module')
def benchmark():
    spec = importlib.util.spec_from_file_location('generation', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def call(benchmark, monkeypatch):
    def call(*args):
        monkeypatch.setattr(sys, 'argv', ['generation.py', *map(str, args)])
        benchmark.main()

    return call


def test_run_and_report(call, tmp_path, capsys):
    call(
        *('run', '--architecture', 'toy', '--sizes', 64, '--steps', 2),
        *('--batch-sizes', 1, '--rounds', 1, '--out', tmp_path),
        *('--variants', 'ControlNet', 'KB-DMGen', '--train'),
        *('--train-size', 64, '--train-batch-size', 1),
    )
    said = capsys.readouterr()
    assert '| 64 | 1 | KB-DMGen |' in said.out
    assert '64 x 1: round 1 of 1' in said.err
    result = json.loads((tmp_path / 'generation.json').read_text())
    assert result['setting']['dtype'] == 'float32'
    names = ['ControlNet', 'KB-DMGen']
    assert [row['name'] for row in result['sampling']] == names
    assert [row['name'] for row in result['training']] == names
    assert list(result['operations']) == names

    page = tmp_path / 'page.md'
    places = ('parameters', 'sampling', 'operations', 'training')
    page.write_text(
        ''.join(f'<!-- {p} -->\n<!-- end {p} -->\n' for p in places)
    )
    plot = tmp_path / 'plot.png'
    call('report', tmp_path, '--page', page, '--plot', plot)
    text = page.read_text()
    assert '| ControlNet |  | ' in text and '| FiLM |' in text
    assert text.count('| 64 | 1 | KB-DMGen |') == 2
    assert plot.stat().st_size > 5000


def test_mistakes_in_one_line(call, tmp_path, capsys, monkeypatch):
    with pytest.raises(SystemExit):
        call('report', tmp_path)
    assert 'give the --out of run' in capsys.readouterr().err
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    with pytest.raises(SystemExit):
        call('run', '--device', 'cuda')
    assert 'needs a GPU' in capsys.readouterr().err
