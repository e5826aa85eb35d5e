"""Which images are made, and by whom (ours)."""

import numpy as np


def spread(num_images: int, total: int) -> list[int]:
    """Return places spread evenly: datasets are often sorted by style.

    Args:
        num_images (int): Wanted; no more than there are.
        total (int): Images of the dataset.

    Example:
        >>> spread(3, 9)
        [0, 4, 8]
    """
    places = np.linspace(0, total - 1, min(num_images, total))
    return places.round().astype(int).tolist()


def chunks_of_rank(
    num_images: int, batch_size: int, rank: int = 0, world_size: int = 1
) -> list[range]:
    """Return the batches that fall to a process.

    The batches are the same for any number of processes, because floats
    that a network computes differ in the last bits with the size of a batch.

    Args:
        num_images (int): In all.
        batch_size (int): The last batch may be smaller.
        rank (int): Of the process. Defaults to 0.
        world_size (int): Number of processes. Defaults to 1.

    Returns:
        list[range]: Numbers of images; every ``world_size``-th batch.

    Example:
        >>> chunks_of_rank(5, 2, rank=1, world_size=2)
        [range(2, 4)]
    """
    starts = range(0, num_images, batch_size)[rank::world_size]
    return [
        range(start, min(start + batch_size, num_images)) for start in starts
    ]
