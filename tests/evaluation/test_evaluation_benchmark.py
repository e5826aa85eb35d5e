import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*args):
    return subprocess.run(
        [sys.executable, 'benchmarks/evaluation.py', *map(str, args)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_prints_tables_and_draws(tmp_path):
    plot = tmp_path / 'plot.png'
    done = run('--images', 204, '--repeats', 1, '--plot', plot)
    assert done.returncode == 0, done.stderr
    ratio, difference = re.search(
        r'takes (\S+) times.*differ by (\S+)\.', done.stdout
    ).groups()
    assert float(ratio) > 1 and float(difference) < 1e-9
    rows = dict(
        re.findall(r'^\| ([^|]*) \| (.*) \|$', done.stdout, re.MULTILINE)
    )
    assert rows['0'] == '1.000 | 1.000 | 0.000'
    assert '(' in rows['`y_from_x`'] and '(' not in rows['none (standard)']
    assert plot.stat().st_size > 1000


def test_missing_folder_is_named(tmp_path):
    done = run('--images', 8, '--plot', tmp_path / 'none' / 'plot.png')
    assert done.returncode == 1
    assert done.stderr.startswith('error: --plot')
