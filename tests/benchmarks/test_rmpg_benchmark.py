import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / 'benchmarks' / 'rmpg.py'

TORCH_ONLY = f"""
import runpy
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('mmengine', 'mmcv', 'mmpose'):
            raise ImportError(f'{{name}} must not be imported here')

sys.meta_path.insert(0, Blocker())
sys.argv[0] = {str(SCRIPT)!r}
runpy.run_path({str(SCRIPT)!r}, run_name='__main__')
"""


def run(*args):
    return subprocess.run(
        [sys.executable, '-c', TORCH_ONLY, *map(str, args)],
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope='module')
def benchmark():
    spec = importlib.util.spec_from_file_location('rmpg_benchmark', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_and_json_with_torch_alone(tmp_path):
    out = tmp_path / 'rmpg.json'
    done = run(
        *('--maps', '16x6x4', '8x16x16', '--presets', 'lite'),
        *('--batch-sizes', 1, 2, '--repeats', 3, '--out', out),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    data = json.loads(out.read_text())
    rows = data['rows']
    assert data['threads'] == 1 and data['device'] == 'cpu'
    assert len(rows) == 8  # maps x batch sizes x passes
    assert len(lines) == 4 + len(rows)
    assert len({line.count('|') for line in lines[2:]}) == 1
    assert out.with_suffix('.md').read_text() == done.stdout
    for row in rows:
        assert set(row['seconds']) == {'batched', 'recursion', 'naive'}
        assert all(seconds > 0 for seconds in row['seconds'].values())
        assert row['operations']['batched'] < row['operations']['recursion']
        for low, middle, high in row['ratios'].values():
            assert 0 < low <= middle <= high
    peaks = {
        (row['map'], row['batch_size'], row['pass']): row['peak_bytes']
        for row in rows
    }
    # Only the naive variant has the root's scores in memory.
    scores = 4 * (2 * 16 * 16) ** 2
    large = peaks['8x16x16', 1, 'forward']
    assert large['naive'] - large['batched'] > scores
    assert large['batched'] < scores


def test_variants_agree(benchmark, monkeypatch):
    """What is compared computes the same."""
    import mmkbdm.models  # noqa: F401, not the bare package of load_layers

    outputs = {}
    grad = torch.autograd.grad

    def keep(output, leaves, upstream):
        outputs[len(outputs)] = (output, grad(output, leaves, upstream))

    passes = benchmark.build_passes('16x6x4', 'default', 2, 'cpu')
    monkeypatch.setattr(torch.autograd, 'grad', keep)
    for variant in passes['forward + backward'].values():
        variant()
    (out, grads), *others = outputs.values()
    assert len(others) == 2
    for other, other_grads in others:
        torch.testing.assert_close(other, out, atol=1e-5, rtol=1e-5)
        for a, b in zip(grads, other_grads):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_formulations_agree_and_are_restored(benchmark):
    import mmkbdm.models  # noqa: F401
    from mmkbdm.models.layers import ParseGraph, node_conv

    torch.manual_seed(0)
    before = dict(node_conv.FASTEST)
    x = torch.randn(2, 16, 6, 4)
    for preset, expected in (('default', 3 + 3 + 2), ('paper-size', 2)):
        graph = ParseGraph(16, gate_init=1.0, **benchmark.PRESETS[preset])
        ways = benchmark.other_ways(graph, x)
        assert len(ways) == expected
        for way in ways.values():
            torch.testing.assert_close(way(x), graph(x), atol=1e-5, rtol=1e-5)
    assert before == node_conv.FASTEST
    assert type(node_conv.FASTEST) is dict


def test_table_of_formulations(tmp_path):
    out = tmp_path / 'ways.json'
    done = run(
        *('--maps', '16x6x4', '--presets', 'lite', '--batch-sizes', 1),
        *('--formulations', '--repeats', 3, '--out', out),
    )
    assert done.returncode == 0, done.stderr
    forward, _ = json.loads(out.read_text())['rows']
    assert set(forward['ratios']) == {
        '1x1 last grouped',
        '1x1 last grouped_last',
        '1x1 last nodes',
    }
    assert '1x1 last nodes' in out.with_suffix('.md').read_text()


def test_peak_memory_counts_what_lives_at_once(benchmark):
    x = torch.randn(1000)  # 4000 bytes

    def run():
        for _ in range(3):  # two at a time, the last ones free
            y = x + 1
            y = y * y
        y.view(10, 100).add_(1)  # no memory of its own

    assert benchmark.peak_bytes(run, 'cpu') == 2 * 4000


def test_operations_compute_or_copy(benchmark):
    x = torch.randn(4, 6)

    def run():
        y = x.t().unflatten(0, (2, 3))[0]  # views
        y = y.contiguous() + torch.empty(4)  # two
        y.view(-1).add_(1)  # three
        y.unbind(0)[0].exp().sum().item()  # five, and one reads a number

    assert benchmark.operations_of(run) == 5


@pytest.mark.parametrize(
    'preset, expected', [('lite', 29), ('default', 36), ('paper-size', 29)]
)
def test_operations_of_the_documented_table(preset, expected, benchmark):
    """docs/benchmarks/batched.md; the position encoding is not computed."""
    forward = benchmark.build_passes('64x12x8', preset, 1, 'cpu')['forward']
    forward['batched']()
    assert benchmark.operations_of(forward['batched']) == expected


def test_a_cut_loses_presets_before_maps(benchmark):
    maps, presets = benchmark.MAPS, list(benchmark.PRESETS)
    turns = benchmark.in_turns(maps, presets)
    assert len(set(turns)) == len(maps) * len(presets) == len(turns)
    first = turns[: len(maps)]
    assert {size for size, _ in first} == set(maps)
    assert {preset for _, preset in first} == set(presets)
    assert '256x64x64' in [size for size, _ in first[:2]]


def test_batch_sizes_of_a_cpu_stay_small(benchmark):
    assert benchmark.batch_sizes('768x16x12', 'cpu') == [1, 8]
    assert benchmark.batch_sizes('256x64x64', 'cpu') == [1]
    assert benchmark.batch_sizes('256x64x64', 'cuda') == [1, 8, 64]


@pytest.mark.parametrize(
    'args, words',
    [
        (['--maps', '64x12'], ["'64x12'", '768x16x12']),
        (['--maps', '12x4x4'], ['12 channels', 'multiple of 8']),
        (['--batch-sizes', '0'], ["'0'", 'positive']),
        (['--presets', 'large'], ["'large'", 'paper-size']),
        (['--out', 'no/such/folder/x.json'], ['no/such/folder', 'exist']),
    ],
    ids=str,
)
def test_wrong_arguments(args, words, benchmark, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['rmpg.py', '--maps', '16x6x4', *args])
    with pytest.raises(SystemExit) as caught:
        benchmark.main()
    assert caught.value.code not in (0, None)
    said = f'{capsys.readouterr().err}{caught.value.code}'
    assert all(word in said for word in words)
