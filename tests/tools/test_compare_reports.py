"""The comparison of reports, in this process."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from mmkbdm.evaluation.judged import Evaluation, JudgedImage
from mmkbdm.evaluation.reports.write import write_report

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool(monkeypatch, capsys):
    """Call main; returns status, stdout and stderr."""
    path = ROOT / 'tools' / 'compare_reports.py'
    spec = importlib.util.spec_from_file_location('tool_compare', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*args):
        arguments = ['compare_reports.py', *map(str, args)]
        monkeypatch.setattr(sys, 'argv', arguments)
        capsys.readouterr()
        try:
            module.main()
            status = 0
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


def write(folder, noise, judge='Judge'):
    images = []
    for i in range(8):
        rng = np.random.default_rng(i)
        poses = np.full((1, 17, 3), 2.0)
        poses[..., :2] = rng.uniform(0, 64, (1, 17, 2))
        found = poses[..., :2] + noise * rng.normal(size=(1, 17, 2))
        people = dict(
            keypoints=found,
            keypoint_scores=np.ones((1, 17)),
            scores=np.array([0.9]),
            bboxes=np.zeros((1, 4)),
        )
        images.append(JudgedImage(f'{i}.png', '', 64, 64, poses, people))
    write_report(
        folder,
        Evaluation(images, {}, 8),
        judge=dict(name=judge),
        protocol_name='standard',
        switches={},
        image_scores={},
        per_image_scores={},
        features=None,
        ceiling=None,
        floor=None,
        judge_ceiling=None,
        generation=None,
        seeds=None,
        command='',
    )
    return folder


@pytest.fixture
def folders(tmp_path):
    return [write(tmp_path / 'exact', 0), write(tmp_path / 'noisy', 6, 'B')]


def test_table_and_files(tool, folders, tmp_path):
    for suffix in ('.html', '.md', '.json'):
        out = tmp_path / 'new' / f'table{suffix}'
        status, stdout, stderr = tool(
            *folders, '--out', out, '--resamples', 50
        )
        assert status == 0, stderr
        assert '| score | exact | noisy |' in stdout
        assert '| AP | 1.000 [1.000, 1.000] |' in stdout
        assert '**worse**' in stdout and stdout.endswith(f'{out}\n')
        assert 'warning: the reports have different judges' in stderr
        assert '50/50' in stderr
        text = out.read_text()
        assert 'different judges' in text
        if suffix == '.json':
            assert json.loads(text)['scores']['AP'][1]['differs']


@pytest.mark.parametrize(
    'args, words',
    [
        (['nowhere'], 'nowhere holds no report'),
        (['--out', 'table.txt'], 'must end in .html, .md, .json'),
        (['--resamples', '0'], '--resamples 0 must be at least 1'),
        (['--seed', '-1'], '--seed -1 must not be negative'),
        (['--out', f'{__file__}/t.md'], 'cannot be written to'),
    ],
)
def test_one_line_errors(tool, folders, args, words):
    status, stdout, stderr = tool(*folders, *args)
    assert status == 2 and not stdout
    assert stderr.startswith('error: ') and stderr.count('\n') == 1
    assert words in stderr


def test_one_report_is_no_comparison(tool, folders):
    status, _, stderr = tool(folders[0])
    assert status == 2 and '1 report given' in stderr
