import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).parents[3]
TOOL = ROOT / 'tools' / 'dataset' / 'make_toy_human.py'


def run_tool(*arguments, **options):
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        timeout=60,
        **options,
    )


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--size', '16'], 'size 16'),
        (['--max-people', '5'], 'max_people 5'),
        (['--num-train', '-1'], 'num_train -1'),
        (['--workers', '0'], 'workers 0'),
        (['--seed', '-3'], 'seed -3'),
    ],
)
def test_tool_refuses_in_one_line(tmp_path, capsys, tool, arguments, message):
    folder = tmp_path / 'out'
    assert tool.main([str(folder), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ')
    assert error.count('\n') == 1
    assert message in error
    assert not folder.exists()


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('make_toy_human', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tool_refuses_a_folder_it_cannot_write(tmp_path):
    blocked = tmp_path / 'file'
    blocked.write_text('not a folder')
    result = run_tool(blocked / 'out', '--num-train', 1, '--num-val', 0)
    assert result.returncode == 2
    assert 'Traceback' not in result.stderr
    assert result.stderr.count('\n') == 1
    assert 'cannot write' in result.stderr


def test_tool_writes_verifies_and_draws(tmp_path, capsys, tool):
    out, sheet = tmp_path / 'out', tmp_path / 'sheet.png'
    assert tool.main([str(out), '--num-train', '3', '--num-val', '2']) == 0
    assert '3 train and 2 val images' in capsys.readouterr().out
    assert tool.main([str(out), '--verify']) == 0
    (out / 'val' / '000001.png').unlink()
    assert tool.main([str(out), '--verify']) == 1
    assert 'val/000001.png is missing' in capsys.readouterr().out
    assert tool.main([str(tmp_path / 'none'), '--verify']) == 2
    options = ['--size', '32', '--skeletons', '--contact-sheet', str(sheet)]
    assert tool.main(options) == 0
    height, width = cv2.imread(str(sheet)).shape[:2]
    assert height > width > 256
