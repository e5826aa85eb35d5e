"""Features of images and texts by a frozen encoder, through a cache (ours)."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmkbdm.generation.fingerprint import parameters_sha256

from .feature_cache import FeatureCache


def encoder_key(encoder: nn.Module, preprocessing: str = '') -> str:
    """Return what changes when the features of an encoder do.

    Args:
        encoder (nn.Module): The frozen network.
        preprocessing (str): What is done to the items before it.
    """
    kind = type(encoder)
    tokenizer = getattr(encoder, 'tokenizer', None)
    words = sorted(tokenizer.get_vocab().items()) if tokenizer else ()
    text = '\n'.join(
        [
            f'{kind.__module__}.{kind.__qualname__}',
            parameters_sha256(encoder),
            # What has no parameters, such as activations.
            repr(encoder),
            repr(words),
            preprocessing,
        ]
    )
    return hashlib.sha256(text.encode(errors='replace')).hexdigest()


def image_features(
    encoder: nn.Module,
    paths: Sequence[str],
    load: Callable[[int], Tensor],
    folder: str | Path,
    preprocessing: str,
    batch_size: int = 64,
) -> np.ndarray:
    """Encode image files that are not in the cache yet.

    Args:
        encoder (nn.Module): Takes (B, 3, H, W) uint8 RGB and answers (B, d).
        paths (Sequence[str]): N files. A file that changes its name, size
            or time of change is encoded again.
        load (Callable): Takes a position in ``paths`` and returns the image
            (3, H, W) uint8 RGB, all of one size.
        folder (str | Path): Of the cache.
        preprocessing (str): Describes ``load``.
        batch_size (int): Images at once. Defaults to 64.

    Returns:
        np.ndarray: (N, d) float32.
    """

    def encode(rows: range) -> Tensor:
        return encoder(torch.stack([load(row) for row in rows]))

    key = encoder_key(encoder, f'image {preprocessing}')
    return FeatureCache(folder, key).get(
        [file_identity(path) for path in paths],
        lambda rows: _in_batches(encode, rows, batch_size),
    )


def text_features(
    encoder: nn.Module,
    texts: Sequence[str],
    folder: str | Path,
    batch_size: int = 256,
) -> np.ndarray:
    """Encode texts that are not in the cache yet.

    Args:
        encoder (nn.Module): Its ``encode_text`` takes list[str] and answers
            (B, d).
        texts (Sequence[str]): N texts.
        folder (str | Path): Of the cache.
        batch_size (int): Texts at once. Defaults to 256.

    Returns:
        np.ndarray: (N, d) float32.
    """

    def encode(rows: range) -> Tensor:
        return encoder.encode_text([texts[row] for row in rows])

    return FeatureCache(folder, encoder_key(encoder, 'text')).get(
        list(texts), lambda rows: _in_batches(encode, rows, batch_size)
    )


@torch.no_grad()
def _in_batches(
    encode: Callable[[range], Tensor], rows: range, batch_size: int
) -> np.ndarray:
    batches = [
        encode(rows[start : start + batch_size]).float().cpu().numpy()
        for start in range(0, len(rows), batch_size)
    ]
    return np.concatenate(batches)


def file_identity(path: str) -> str:
    """Return what changes when a file does: name, size, time of change."""
    try:
        status = os.stat(path)
    except OSError:
        # Whoever loads it says in one line what is wrong.
        return f'{path} missing'
    return f'{path} {status.st_size} {status.st_mtime_ns}'
