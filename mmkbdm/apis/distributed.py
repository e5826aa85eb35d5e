"""Distributed runs on a machine without a GPU (ours)."""

import torch
import torch.distributed
from mmengine.config import Config


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
