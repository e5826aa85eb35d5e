"""The random states of a process (ours)."""

import random

import numpy as np
import torch


def random_state() -> dict:
    """Return the states of Python, NumPy and torch, CPU and GPU.

    Returns:
        dict: Of plain values and tensors, so that a checkpoint that holds it
        can be loaded with ``weights_only=True``. ``cuda`` is that of the GPU
        that this process works on, or None.
    """
    name, keys, *position = np.random.get_state()
    there = torch.cuda.is_available()
    return dict(
        python=random.getstate(),
        numpy=(name, torch.from_numpy(keys.astype(np.int64)), *position),
        torch=torch.get_rng_state(),
        cuda=torch.cuda.get_rng_state() if there else None,
    )


def set_random_state(state: dict) -> None:
    """Go on where :func:`random_state` was.

    Args:
        state (dict): Its tensors may be on any device. A state without GPU
            leaves a GPU's as it is, and the other way round.
    """
    random.setstate(state['python'])
    name, keys, *position = state['numpy']
    keys = keys.cpu().numpy().astype(np.uint32)
    np.random.set_state((name, keys, *position))
    torch.set_rng_state(state['torch'].cpu())
    if state['cuda'] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())
