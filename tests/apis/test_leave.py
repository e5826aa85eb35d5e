"""A process of a gloo group ends at once, and in order."""

import subprocess
import sys

import pytest

CODE = """
import atexit
import sys

import torch.distributed as dist

from mmkbdm.apis.leave import leave_processes

atexit.register(print, 'closed')
if sys.argv[1:]:
    dist.init_process_group(
        'gloo', store=dist.HashStore(), rank=0, world_size=1
    )
print('done')
leave_processes()
print('still here')
"""


@pytest.mark.parametrize(
    ('group', 'printed'),
    [(['gloo'], 'done\nclosed\n'), ([], 'done\nstill here\nclosed\n')],
)
def test_leaving(group, printed):
    done = subprocess.run(
        [sys.executable, '-c', CODE, *group], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed
