import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

# Other pipelines than ours have NumPy and need nothing else.
STATEMENTS = """
import sys
import mmkbdm.evaluation.functional
for name in ('torch', 'mmengine', 'mmpose', 'xtcocotools', 'scipy'):
    assert name not in sys.modules, name
"""


def test_numpy_is_enough():
    done = subprocess.run(
        [sys.executable, '-c', STATEMENTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
