"""Pose-only users have no diffusers, and MMEngine hides import errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

BLOCKER = """
import sys

BLOCKED = ('diffusers', 'transformers', 'mmdet', 'mmpose', 'mmcv.ops',
           'torchvision')

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if any(name == blocked or name.startswith(blocked + '.')
               for blocked in BLOCKED):
            raise ImportError(f'{name} must not be imported here')

sys.meta_path.insert(0, Blocker())
"""

NO_TORCH = "\nassert 'torch' not in sys.modules"

STATEMENTS = {
    'package': 'import mmkbdm' + NO_TORCH,
    'compat': 'import mmkbdm.compat' + NO_TORCH,
    'check_env': 'import mmkbdm.check_env' + NO_TORCH,
    'registry': """
import mmkbdm.registry
assert 'mmkbdm.models' not in sys.modules
""",
    'layers': """
import mmkbdm.models.layers
assert 'mmengine' not in sys.modules
""",
    'neck': """
import torch
from mmkbdm.models.necks import RMPG
RMPG(in_channels=64)
from mmengine.registry import MODELS
MODELS.build(dict(type='mmkbdm.RMPG', in_channels=64))
""",
}


@pytest.mark.parametrize('name', STATEMENTS)
def test_imports_with_frameworks_blocked(name):
    env = dict(os.environ)
    env['PYTHONPATH'] = os.pathsep.join([str(ROOT), env.get('PYTHONPATH', '')])
    done = subprocess.run(
        [sys.executable, '-c', BLOCKER + STATEMENTS[name]],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
