"""Processes that share the work of generating (ours)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed

from mmkbdm.apis.errors import PreflightError


@contextmanager
def sharing(launcher: str) -> Iterator[tuple[int, int]]:
    """Yield rank and number of processes; part when all are done.

    They exchange nothing, but wait for each other, so that gloo will do on
    GPUs as well, and a process may be days behind.

    Args:
        launcher (str): ``none``, or ``pytorch`` under torchrun.

    Raises:
        PreflightError: torchrun has not started this process.
    """
    if launcher == 'none':
        yield 0, 1
        return
    if 'RANK' not in os.environ:
        raise PreflightError(
            '--launcher pytorch needs torchrun: start it by '
            'tools/dist_generate.sh'
        )
    torch.distributed.init_process_group('gloo', timeout=timedelta(days=7))
    if torch.cuda.is_available():
        local = int(os.environ.get('LOCAL_RANK', 0))
        torch.cuda.set_device(local % torch.cuda.device_count())
    yield torch.distributed.get_rank(), torch.distributed.get_world_size()
    wait()
    torch.distributed.destroy_process_group()


def wait() -> None:
    """Wait for the other processes, if there are any."""
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
