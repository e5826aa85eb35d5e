import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmkbdm.utils import troubleshooting
from mmkbdm.utils.troubleshooting import TABLE, Finding, Verdict, to_markdown

ROOT = Path(__file__).parents[1]

# Makes packages unimportable from the start of the interpreter.
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {blocked!r}:
            raise ModuleNotFoundError(f'No module named {{name!r}}')

sys.meta_path.insert(0, Blocker())
"""


@pytest.fixture
def check_env(tmp_path):
    def run(*blocked):
        (tmp_path / 'sitecustomize.py').write_text(
            BLOCKER.format(blocked=blocked)
        )
        env = dict(os.environ)
        env['PYTHONPATH'] = os.pathsep.join(
            [str(tmp_path), str(ROOT), env.get('PYTHONPATH', '')]
        )
        return subprocess.run(
            [sys.executable, '-m', 'mmkbdm.check_env'],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_this_environment_trains(check_env):
    done = check_env()
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'import mmpose.models: works' in done.stdout
    assert done.stdout.endswith('Training works here.\n')
    for row in TABLE:
        assert row.error in done.stdout


@pytest.mark.parametrize(
    'blocked, fixes',
    [
        (('torch',), ['torch is missing. Fix: pip install torch']),
        (('mmengine', 'numpy'), ['Fix: pip install mmengine', '"numpy<2"']),
        (
            ('mmpose', 'pkg_resources', 'torchvision'),
            [
                'Fix: pip install --no-deps "mmpose>=1.2.0"',
                'Fix: pip install "setuptools<82"',
                'torchvision is missing. Fix: pip install torchvision',
            ],
        ),
    ],
)
def test_missing_packages(check_env, blocked, fixes):
    done = check_env(*blocked)
    assert done.returncode == 1, done.stdout + done.stderr
    assert 'Traceback' not in done.stdout + done.stderr
    summary = done.stdout.partition('Training would not work here:')[2]
    for fix in fixes:
        assert fix in summary


@pytest.mark.parametrize('row', TABLE, ids=lambda row: row.error[:40])
def test_every_probe_answers(row):
    finding = row.probe()
    assert isinstance(finding, Finding)
    assert isinstance(finding.verdict, Verdict)
    assert finding.detail


def test_markdown_holds_every_row():
    lines = to_markdown().splitlines()
    assert len(lines) == 2 + len(TABLE)
    for row, line in zip(TABLE, lines[2:]):
        assert row.error in line
        assert row.fix in line
        assert line.count('|') == 4


@pytest.mark.parametrize(
    'version, verdict',
    [
        ('1.7.2', Verdict.BREAKS),
        ('2.0.0', Verdict.NO),
        ('2.1.0', Verdict.NO),
        ('2.2.0', Verdict.BREAKS),
    ],
)
def test_mmcv_range(monkeypatch, tmp_path, version, verdict):
    source = tmp_path / '__init__.py'
    source.write_text(
        "mmcv_minimum_version = '2.0.0rc4'\nmmcv_maximum_version = '2.2.0'\n"
    )
    monkeypatch.setattr(troubleshooting, 'package_file', lambda *_: source)
    monkeypatch.setattr(
        troubleshooting, 'distribution', lambda _: ('mmcv', version)
    )
    assert troubleshooting._mmcv_range().verdict is verdict


def test_numpy_abi(monkeypatch, tmp_path):
    package = tmp_path / 'xtcocotools'
    package.mkdir()
    (package / '__init__.py').write_text('')
    (package / 'mask.py').write_text(
        'raise ValueError("numpy.dtype size changed")'
    )
    for name in [n for n in sys.modules if n.startswith('xtcocotools')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    finding = troubleshooting._numpy_abi()
    # The fake must not outlive the test.
    del sys.modules['xtcocotools']
    assert finding.verdict is Verdict.BREAKS
    assert 'numpy.dtype size changed' in finding.detail


def test_pkg_resources(monkeypatch):
    monkeypatch.setattr(troubleshooting, 'find_package', lambda name: None)
    assert troubleshooting._pkg_resources().verdict is Verdict.BREAKS
