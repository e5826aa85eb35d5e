"""Several processes that have to wait for each other."""

import time
from datetime import timedelta

import torch
import torch.distributed
import torch.multiprocessing

from mmkbdm.apis.distributed import main_process_first

SECONDS = 2


def load_one_after_the_other(rank, folder):
    """Write down when this process loads; the main one takes long."""
    torch.distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/meet',
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=SECONDS),
    )

    def inner():
        return f'{rank} inner'

    def load():
        if rank == 0:
            time.sleep(2 * SECONDS)
            (folder / 'encoded').touch()
        # Data sets may be made of others that do the same.
        assert main_process_first(inner) == f'{rank} inner'
        assert (folder / 'encoded').exists()
        return rank

    assert main_process_first(load) == rank
    torch.distributed.destroy_process_group()


def test_others_wait_longer_than_their_group_would(tmp_path):
    torch.multiprocessing.spawn(
        load_one_after_the_other, args=(tmp_path,), nprocs=2
    )


def test_one_process_loads():
    assert main_process_first(lambda: 3) == 3
