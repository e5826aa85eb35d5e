"""A look at a model in training that training does not notice (ours)."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def kept_chance() -> Iterator[None]:
    """Restore the global random states of Python, NumPy and torch after."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        # Of the CPU and of the GPU that this process works on.
        there = torch.cuda.is_available()
        gpus = [torch.cuda.current_device()] if there else []
        with torch.random.fork_rng(gpus):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; modes and chance as before, after.

    Args:
        model (nn.Module): Parts of it may be in evaluation mode for good:
            each gets back its own.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with kept_chance(), torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training
