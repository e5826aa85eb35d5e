"""The toy generation experiment by its command, with tiny parts."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATH = ROOT / 'tools' / 'benchmark' / 'generation_toy.py'
sys.path.append(str(ROOT / 'tests' / 'benchmark'))

from tiny_experiment import write_experiment  # noqa: E402


@pytest.fixture(scope='module')
def flags(tmp_path_factory):
    return write_experiment(tmp_path_factory.mktemp('experiment'))


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.chdir(ROOT)
    spec = importlib.util.spec_from_file_location('generation_toy', PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(tool, monkeypatch, *words):
    monkeypatch.setattr(sys, 'argv', ['generation_toy.py', *map(str, words)])
    tool.main()


def test_the_whole_command(tool, monkeypatch, flags, capsys):
    words = [*flags, '--arms', 'base', 'kbdmgen', '--guidance', '1', '2']
    words += ['--seeds', '3']
    call(tool, monkeypatch, 'run', *words)
    out = Path(flags[flags.index('--out') + 1])
    results = json.loads((out / 'generation_toy.json').read_text())
    by_name = {one['config']: one for one in results}
    assert by_name['kbdmgen']['seed'] == 3
    assert by_name['kbdmgen']['study'] == 'cpu'
