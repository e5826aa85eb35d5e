"""What several processes of a run need (ours)."""

from collections.abc import Callable

import torch
import torch.distributed
from mmengine.config import Config
from mmengine.dist import barrier, is_main_process


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
    # The others would wait for ever for a main process that has failed.
    try:
        loaded = load() if is_main_process() else None
    finally:
        barrier()
    return loaded if is_main_process() else load()
