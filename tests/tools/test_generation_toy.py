"""The toy generation experiment by its command, with tiny parts."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

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


def results_of(flags):
    out = Path(flags[flags.index('--out') + 1])
    results = json.loads((out / 'generation_toy.json').read_text())
    return {one['config']: one for one in results}


@pytest.mark.slow
def test_the_whole_command(tool, monkeypatch, flags, capsys):
    """Stage by stage, as if it had been interrupted; nothing is done twice."""
    words = [*flags, '--arms', 'base', 'kbdmgen', '--guidance', '1', '2']
    words += ['--seeds', '3', '--stages', 'knowledge', 'adapters']
    call(tool, monkeypatch, 'run', *words)
    assert '0 runs are done' in capsys.readouterr().out
    assert 'kbdmgen' not in results_of(flags)
    work = Path(flags[flags.index('--work-dir') + 1])
    checkpoint = work / 'kbdmgen' / 'seed3' / 'iter_2.pth'
    trained = checkpoint.stat().st_mtime_ns
    config = (checkpoint.parent / 'kbdmgen_toy.py').read_text()
    assert str(work / 'kb_stage2' / 'seed3' / 'epoch_2.pth') in config

    words += ['evaluate']
    call(tool, monkeypatch, 'run', *words)
    assert checkpoint.stat().st_mtime_ns == trained
    results = results_of(flags)
    kbdmgen = results['kbdmgen']
    assert (kbdmgen['seed'], kbdmgen['study']) == (3, 'cpu')
    assert set(kbdmgen['sweep']) == {'1', '2'}
    assert {'testing', 'other_poses', 'kb_off'} <= set(kbdmgen)
    assert kbdmgen['parameters'] > results['base']['parameters'] == 0
    assert 'other_poses' not in results['base']
    assert results['base']['base'] == kbdmgen['base']
    first = results['base']['testing']
    assert set(first) == {
        *('AP', 'AP50', 'AR', 'CAP', 'PCE', 'FID', 'KID', 'CLIP')
    }
    # The real images are nearest to themselves.
    assert results['references']['real']['FID'] < 1e-6 < first['FID']
    assert results['kb_stage1_no-entropy']['codebook/perplexity'] >= 1
    assert 0 < results['kb_stage2']['frequent/top5'] <= 1
    assert results['kb_stage2']['objects/top5'] > 0
    out = Path(flags[flags.index('--out') + 1])
    with np.load(out / 'generation_toy_pictures.npz') as pictures:
        assert set(pictures) == {
            *('condition', 'real', 'reconstructed', 'base', 'kbdmgen')
        }
        assert pictures['kbdmgen'].shape == (5, 64, 64, 3)

    capsys.readouterr()
    call(tool, monkeypatch, 'run', *words)
    assert '9 runs are done, 0 tasks' in capsys.readouterr().out
    call(tool, monkeypatch, 'report', *words)
    assert 'KB-DMGen: both' in (out / 'generation_toy.md').read_text()

    with pytest.raises(SystemExit) as stop:
        call(tool, monkeypatch, 'run', *words, '--steps', '3')
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert 'holds runs of steps=2, not 3: give another --out' in error


def test_a_failed_arm_does_not_stop_the_others(
    tool, monkeypatch, flags, tmp_path, capsys
):
    words = [*flags, '--out', tmp_path, '--work-dir', tmp_path / 'work']
    words += ['--arms', 'controlnet', 'dm', '--guidance', '1']
    words += ['--stages', 'evaluate', '--seeds', '0']
    with pytest.raises(SystemExit):
        call(tool, monkeypatch, 'run', *words)
    captured = capsys.readouterr()
    assert 'dm_toy.py does not exist' in captured.out + captured.err
    assert '1 of 4 tasks failed' in captured.err
    results = json.loads((tmp_path / 'generation_toy.json').read_text())
    assert {one['config'] for one in results} == {'controlnet', 'references'}


def test_one_line_errors(tool, monkeypatch, flags, tmp_path, capsys):
    for words, message in (
        (['run', *flags, '--arms', 'dn'], '--arms dn: there are base, cont'),
        (['report', '--out', tmp_path], 'holds no run: do some by python'),
        (['run', '--device', 'cuda'], 'torch sees no GPU here'),
    ):
        if '--device' in words[-2:] and torch.cuda.is_available():
            continue
        with pytest.raises(SystemExit) as stop:
            call(tool, monkeypatch, *words)
        assert stop.value.code == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith('error: ')
        assert message in error
