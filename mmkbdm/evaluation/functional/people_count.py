"""People count error, and groups of images by their number of people."""

import numpy as np

from .legacy import batches_of
from .protocol import Protocol, standard

# PCE counts detections above it.
SCORE_THRESHOLD = 0.3

# Fewest and most people of a group of images.
GROUPS = {'0': (0, 0), '1': (1, 1), '2to3': (2, 3), '4up': (4, np.inf)}


def groups_by_people(people: np.ndarray) -> np.ndarray:
    """Return the place in ``GROUPS`` (images, ) of (images, ) counts."""
    return np.searchsorted([low for low, _ in GROUPS.values()], people + 1) - 1


def people_count_error(
    found: np.ndarray, people: np.ndarray, protocol: Protocol | None = None
) -> dict[str, float]:
    """PCE: mean absolute difference of the numbers of people.

    Source: HumanSD (arXiv 2304.04269); every image counts (ours).

    Args:
        found (np.ndarray): (images, ) detections that count.
        people (np.ndarray): (images, ) people of the conditions.
        protocol (Protocol, optional): Defaults to None, the standard one.

    Returns:
        dict[str, float]: ``PCE`` in people an image, and ``PCE_0``,
        ``PCE_1``, ``PCE_2to3``, ``PCE_4up`` of the images with so many
        people (these always over the dataset and aligned); NaN without
        images.
    """
    protocol = protocol or standard()
    error = np.abs(found - people).astype(float)
    group = groups_by_people(people)
    result = {'PCE': _overall(found, people, protocol)}
    for i, name in enumerate(GROUPS):
        chosen = error[group == i]
        result[f'PCE_{name}'] = chosen.mean() if len(chosen) else np.nan
    return {name: float(value) for name, value in result.items()}


def _overall(
    found: np.ndarray, people: np.ndarray, protocol: Protocol
) -> float:
    batch, num_batches = batches_of(len(people), protocol)
    errors = np.full((num_batches, 1), np.nan)
    for i in range(num_batches):
        these, those = found[batch == i], people[batch == i]
        if protocol.misaligned_counts:
            those = those[those > 0]
            these = these[: len(those)]
        if len(those):
            errors[i] = np.abs(these - those).mean()
    valid = errors[~np.isnan(errors)]
    return valid.mean() if len(valid) else np.nan
