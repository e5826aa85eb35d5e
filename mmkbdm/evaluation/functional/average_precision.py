"""COCO's average precision and recall, of many groups of images at once.

Source: https://cocodataset.org/#detection-eval. Precision is made to fall
with recall and read at 101 recalls. A group may be the dataset, the images
with two or three people or a mini-batch of the legacy protocol.
"""

from dataclasses import dataclass

import numpy as np

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Matches:
    """What became of detections and people.

    Args:
        image (np.ndarray): (N, ) image of each detection, ascending.
        scores (np.ndarray): (N, ) scores of the detections, best first
            within an image.
        right (np.ndarray): (T, N) bool, detections that have found a person.
        ignored (np.ndarray): (T, N) bool, detections that do not count.
        people (np.ndarray): (images, ) people that should be found.
    """

    image: np.ndarray
    scores: np.ndarray
    right: np.ndarray
    ignored: np.ndarray
    people: np.ndarray

    def take(self, images: np.ndarray) -> 'Matches':
        """Return the matches of other images, say of a bootstrap sample.

        Args:
            images (np.ndarray): (S, ) indices, repeated ones being images
                of their own.
        """
        counts = np.bincount(self.image, minlength=len(self.people))
        first = np.cumsum(counts) - counts
        number = counts[images]
        image = np.repeat(np.arange(len(images)), number)
        place = np.arange(len(image)) - np.repeat(
            np.cumsum(number) - number, number
        )
        index = first[images][image] + place
        return Matches(
            image,
            self.scores[index],
            self.right[:, index],
            self.ignored[:, index],
            self.people[images],
        )


def average_precision(
    matches: Matches, group: np.ndarray | None = None, num_groups: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Average precision and recall of groups of images.

    Args:
        matches (Matches): Detections and people of the dataset.
        group (np.ndarray, optional): (images, ) group of each image, -1 for
            none. Defaults to None, which is one group of all.
        num_groups (int): Number of groups G. Defaults to 1.

    Returns:
        tuple[np.ndarray, np.ndarray]: Average precision and recall, both
        (G, T) in [0, 1], NaN for a group without people.
    """
    if group is None:
        group = np.zeros(len(matches.people), int)
    inside = group >= 0
    people = np.bincount(
        group[inside], matches.people[inside], minlength=num_groups
    ).astype(int)
    true, false = _sorted_by_group(matches, group, num_groups)
    true, false = true.cumsum(-1), false.cumsum(-1)
    found = true[..., -1] if true.shape[-1] else np.zeros(true.shape[:2])
    with np.errstate(invalid='ignore', divide='ignore'):
        recall = np.where(people[:, None], found / people[:, None], np.nan)
    precision = true / np.maximum(true + false, 1)
    precision = np.maximum.accumulate(precision[..., ::-1], -1)[..., ::-1]
    mean = _mean_over_recalls(true, precision, people)
    return np.where(people[:, None], mean, np.nan), recall


def _sorted_by_group(
    matches: Matches, group: np.ndarray, num_groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Right and wrong ones, best first, as ints (G, T, D), D the most."""
    of = group[matches.image]
    order = np.lexsort((-matches.scores, of))
    order = order[of[order] >= 0]
    of = of[order]
    counts = np.bincount(of, minlength=num_groups)
    place = np.arange(len(of)) - (np.cumsum(counts) - counts)[of]
    shape = (num_groups, len(matches.right), counts.max(initial=0))
    true, false = np.zeros((2, *shape), np.int64)
    counted = ~matches.ignored[:, order]
    true[of, :, place] = (matches.right[:, order] & counted).T
    false[of, :, place] = (~matches.right[:, order] & counted).T
    return true, false


def _mean_over_recalls(
    true: np.ndarray, precision: np.ndarray, people: np.ndarray
) -> np.ndarray:
    """Mean (G, T) of precisions where recalls are reached, 0 where never.

    Recalls are compared as numbers of people, because whole numbers can be
    searched in all rows at once: each row lies above the one before. Few
    people make many recalls the same number, which is searched once.
    """
    num_groups, num_thresholds, num_detections = true.shape
    if not num_detections:
        return np.zeros((num_groups, num_thresholds))
    needed, weights = _needed_people(people)
    rows = num_groups * num_thresholds
    stride = max(people.max(), num_detections) + 2
    offset = np.arange(rows)[:, None]
    where = np.searchsorted(
        (true.reshape(rows, -1) + offset * stride).ravel(),
        np.repeat(needed, num_thresholds, 0) + offset * stride,
    )
    reached = where < (offset + 1) * num_detections
    values = precision.ravel()[np.where(reached, where, 0)] * reached
    values = values.reshape(num_groups, num_thresholds, -1)
    return (values * weights[:, None]).sum(-1) / len(RECALLS)


def _needed_people(people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (G, W) of people found that reach recalls, and of how many."""
    distinct, which = np.unique(people, return_inverse=True)
    width = min(distinct.max() + 2, len(RECALLS))
    needed, weights = np.zeros((2, len(distinct), width), int)
    for row, number in enumerate(distinct):
        # What COCO's code compares with RECALLS.
        recalls = np.arange(number + 1) / max(number, 1)
        values, counts = np.unique(
            np.searchsorted(recalls, RECALLS), return_counts=True
        )
        needed[row, : len(values)] = values
        weights[row, : len(values)] = counts
    return needed[which], weights[which]
