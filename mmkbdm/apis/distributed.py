"""What several processes of a run need (ours)."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

import torch
import torch.distributed
from mmengine.config import Config
from mmengine.dist import is_distributed, is_main_process

# Encoding a data set takes longer than NCCL waits for anybody.
PATIENCE = timedelta(days=7)


def prepare_cpu_processes(cfg: Config) -> None:
    """Let a ``pytorch`` launch work without a GPU.

    MMEngine's launcher takes a CUDA device for every process. Without one the
    process group is started here, which MMEngine then uses, and the model is
    wrapped without a device.

    Args:
        cfg (Config): Complete config, changed in place.
    """
    if cfg.launcher != 'pytorch' or torch.cuda.is_available():
        return
    torch.distributed.init_process_group('gloo')
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )


def main_process_first(load: Callable):
    """Run a function in the main process, and only then in the others.

    What it puts on the disk, the others find.

    Args:
        load (Callable): Takes no argument.

    Returns:
        What it returned in this process.
    """
    if not is_distributed():
        return load()
    # Before, as all have to be there.
    group = _patient_group(torch.distributed.group.WORLD)
    # The others would wait for ever for a main process that has failed.
    try:
        loaded = load() if is_main_process() else None
    finally:
        torch.distributed.barrier(group)
    return loaded if is_main_process() else load()


@cache
def _patient_group(world) -> torch.distributed.ProcessGroup:
    """Return all processes of a group, as one that waits for days."""
    return torch.distributed.new_group(backend='gloo', timeout=PATIENCE)
