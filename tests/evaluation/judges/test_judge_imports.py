"""The judges' registry is open to those who have no MMPose."""

import subprocess
import sys

CODE = """
import sys

for name in ('mmpose', 'mmdet', 'transformers', 'mmcv.ops'):
    sys.modules[name] = None
from mmkbdm.registry import JUDGES

judge = JUDGES.get('mmkbdm.TransformersViTPoseJudge')
assert judge.__name__ == 'TransformersViTPoseJudge'
"""


def test_looking_up_a_judge_imports_no_framework():
    done = subprocess.run(
        [sys.executable, '-c', CODE], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
