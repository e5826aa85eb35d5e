"""Time and memory of a training step (ours)."""

import statistics
import time

import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from .batch import make_batch
from .sampling_cost import synchronize, tensors
from .variants import VARIANTS, random_config

WARM_UP = 2


def measure_training(
    model: nn.Module,
    name: str,
    architecture: str,
    folder: str,
    size: int,
    batch_size: int,
    steps: int = 5,
) -> dict:
    """Measure steps of the config's optimizer, on a made-up batch.

    A step is what the Runner's training loop does: frozen encoders, forward,
    backward, clipping and update, in half precision with a scaled loss and
    with gradient checkpointing where the config says so. On a CPU it is
    float32, because the config's half precision needs a GPU.

    Args:
        model (PoseGuidedGenerator): Float32; its weights move.
        name (str): Of :data:`VARIANTS`.
        architecture, folder: See :func:`random_config`.
        size (int): Side of the images in pixels.
        batch_size (int): Images of a step.
        steps (int): Steps that count. Defaults to 5.

    Returns:
        dict: Seconds of a step, the last loss, and bytes: of all weights,
        and of what training needs beside them at its peak.
    """
    device = model.base.device
    on_gpu = device.type == 'cuda'
    cfg = random_config(VARIANTS[name][0], architecture, folder)
    if not on_gpu:
        cfg.optim_wrapper.type = 'OptimWrapper'
        cfg.optim_wrapper.pop('dtype', None)
    batch = make_batch(size, batch_size, images=True)
    model.train()
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        start = torch.cuda.memory_allocated()
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    seconds = []
    for _ in range(WARM_UP + steps):
        synchronize(device)
        begin = time.perf_counter()
        losses = model.train_step(batch, optimizer)
        synchronize(device)
        seconds.append(time.perf_counter() - begin)
    row = dict(
        name=name,
        size=size,
        batch_size=batch_size,
        step_seconds=statistics.median(seconds[WARM_UP:]),
        loss=losses['loss'].item(),
        weights_bytes=sum(t.nbytes for t in tensors(model)),
    )
    if on_gpu:
        row['train_bytes'] = torch.cuda.max_memory_allocated() - start
    for value in model.parameters():
        value.grad = None
    model.eval()
    return row
