"""The benchmark of masked attention runs with torch alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'benchmarks' / 'masked_attention.py'
TORCH_ONLY = f"""
import runpy
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('mmengine', 'diffusers', 'transformers'):
            raise ImportError(f'{{name}} must not be imported here')

sys.meta_path.insert(0, Blocker())
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


def test_table_and_json_with_torch_alone(tmp_path):
    done = run(
        *('--sizes', 128, 256, '--batch-sizes', 1, 2, '--repeats', 3),
        *('--dtypes', 'float32', 'bfloat16', '--out', tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'masked_attention.md').read_text() == done.stdout
    rows = json.loads((tmp_path / 'masked_attention.json').read_text())['rows']
    assert len(rows) == 2**4 == len(done.stdout.splitlines()) - 2
    for row in rows:
        exact = row['dtype'] == 'float32'
        assert row['difference']['rank one'] < (1e-5 if exact else 3e-2)
        assert all(seconds > 0 for seconds in row['seconds'].values())
    [row] = [
        row
        for row in rows
        if (row['dtype'], row['tokens'], row['batch_size'], row['pass'])
        == ('float32', 256, 2, 'forward')
    ]
    # One bias of 256 x 256 for each head and image.
    bias = 4 * 2 * 8 * 256**2
    peaks = row['peak_bytes']
    assert peaks['explicit'] > bias > peaks['rank one'] > peaks['unmasked']


@pytest.mark.parametrize('size', ['500', '-16', 'x'])
def test_a_size_that_is_no_multiple_of_a_token(size):
    done = run('--sizes', size)
    assert done.returncode == 2
    assert 'must be a positive multiple of 16' in done.stderr
