"""Which weights were used, wherever they came from (ours)."""

import hashlib

import numpy as np
import torch
from torch import nn


def parameters_sha256(*modules: nn.Module) -> str:
    """Return the SHA-256 of parameters and buffers, in hexadecimal digits."""
    digest = hashlib.sha256()
    for module in modules:
        for name, value in sorted(module.state_dict().items()):
            if isinstance(value, torch.Tensor):
                plain = value.detach().cpu().contiguous().flatten()
                digest.update(f'{name} {value.dtype}'.encode())
                # NumPy has no bfloat16.
                digest.update(plain.view(torch.uint8).numpy())
    return digest.hexdigest()


def pixels_digest(image: np.ndarray | torch.Tensor) -> str:
    """Return a digest of an image's pixels and shape."""
    array = np.ascontiguousarray(image)
    digest = hashlib.blake2b(str(array.shape).encode(), digest_size=16)
    digest.update(array)
    return digest.hexdigest()
