"""One random generator an image (ours)."""

import hashlib
from collections.abc import Iterable

import torch


def image_seed(img_id: int | str, seed: int) -> int:
    """Return the seed of an image: the same everywhere and forever.

    Args:
        img_id (int | str): Of the image in its dataset.
        seed (int): Of the run.

    Returns:
        int: In [0, 2 ** 63), by BLAKE2b of both.
    """
    digest = hashlib.blake2b(f'{img_id}:{seed}'.encode(), digest_size=8)
    return int.from_bytes(digest.digest(), 'big') >> 1


def image_generators(
    img_ids: Iterable[int | str], seed: int
) -> list[torch.Generator]:
    """Return a generator on the CPU for every image.

    An image then depends neither on the others nor on the machine or the
    process that makes it: a GPU would draw other numbers.
    """
    return [
        torch.Generator().manual_seed(image_seed(img_id, seed))
        for img_id in img_ids
    ]
