"""What the mini-batches of the published scripts do to a score (ours)."""

import numpy as np

from .protocol import BATCH_SIZE, Protocol


def batches_of(num_images: int, protocol: Protocol) -> tuple[np.ndarray, int]:
    """Return the mini-batch (images, ) of each image, and how many.

    Without ``average_over_batches`` the dataset is one.
    """
    if not protocol.average_over_batches:
        return np.zeros(num_images, int), 1
    batch = np.arange(num_images) // BATCH_SIZE
    return batch, batch.max(initial=-1) + 1


def mean_over_batches(values: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Mean (T, ) of (batches, T) values, NaN being batches without people.

    With ``empty_batch_is_minus_one`` they enter as -1, and a dataset without
    people is -1.
    """
    if protocol.empty_batch_is_minus_one:
        values = np.where(np.isnan(values), -1, values)
    valid = ~np.isnan(values)
    total = np.where(valid, values, 0).sum(0)
    with np.errstate(invalid='ignore', divide='ignore'):
        return total / valid.sum(0)


def first_of_batches(image: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Return a mask (N, ) of people who are the first of their mini-batch.

    Args:
        image (np.ndarray): (N, ) image of each person, ascending.
        batch (np.ndarray): (images, ) mini-batch of each image.
    """
    first = np.zeros(len(image), bool)
    first[np.unique(batch[image], return_index=True)[1]] = True
    return first


def check_batches(found: np.ndarray, protocol: Protocol) -> None:
    """Raise ``ValueError`` for a mini-batch without any detection.

    Args:
        found (np.ndarray): (images, ) number of detections.
        protocol (Protocol): Only ``fail_without_detections`` asks for it.
    """
    if not protocol.fail_without_detections or not len(found):
        return
    batch = np.arange(len(found)) // BATCH_SIZE
    empty = np.flatnonzero(np.bincount(batch, found) == 0)
    if len(empty):
        first = empty[0] * BATCH_SIZE
        raise ValueError(
            f'no detections in images {first} to '
            f'{min(first + BATCH_SIZE, len(found)) - 1}, where the published '
            'scripts crash; fail_without_detections=False goes on'
        )
