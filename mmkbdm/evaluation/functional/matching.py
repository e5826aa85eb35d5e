"""COCO's greedy assignment of detections to people, all images at once.

Source: https://cocodataset.org/#detection-eval. Detections choose in the
order of their scores; each takes the most similar person that is free and
passes the threshold (the later one of two equals), and a person that is
ignored only if it finds no other.
"""

from dataclasses import dataclass

import numpy as np

from .people import Truth, rank_in_image

NO_MATCH = -1


@dataclass(frozen=True)
class People:
    """True people as (images, people) arrays of bool.

    Args:
        present (np.ndarray): Filled places.
        ignored (np.ndarray): May be found and need not.
        crowd (np.ndarray): May be found many times.
    """

    present: np.ndarray
    ignored: np.ndarray
    crowd: np.ndarray


def people_of(truth: Truth, ignored: np.ndarray) -> People:
    """Lay people out by image; ``ignored`` (N, ) replaces the truth's."""
    place = (truth.image, rank_in_image(truth.image, truth.num_images))
    shape = (truth.num_images, place[1].max(initial=-1) + 1)
    present, is_ignored, crowd = np.zeros((3, *shape), bool)
    present[place] = True
    is_ignored[place] = ignored
    crowd[place] = truth.crowd
    return People(present, is_ignored, crowd)


def match_greedily(
    similarity: np.ndarray, people: People, thresholds: np.ndarray
) -> np.ndarray:
    """Assign detections to people.

    A similarity of NaN passes every threshold and loses to whatever comes
    after it: what a chain of ``<`` makes of it (legacy protocol).

    Args:
        similarity (np.ndarray): (images, detections, people), detections by
            descending score, minus infinity for what is not there.
        people (People): The true people.
        thresholds (np.ndarray): (T, ).

    Returns:
        np.ndarray: (T, images, detections) index of the person within its
        image, -1 for none.
    """
    num_images, num_detections, _ = similarity.shape
    shape = (len(thresholds), num_images, num_detections)
    matched = np.full(shape, NO_MATCH)
    free = np.repeat(people.present[None], len(thresholds), 0)
    # COCO takes a similarity of 1 for passed even if rounding lowers it.
    limits = np.minimum(thresholds, 1 - 1e-10)
    for rank in range(num_detections):
        rows = np.flatnonzero((similarity[:, rank] != -np.inf).any(-1))
        if not len(rows):
            continue
        values = similarity[None, rows, rank]
        choice = np.full((len(limits), len(rows)), NO_MATCH)
        for ignored in (False, True):
            group = people.ignored[rows] == ignored
            best = _last_best(values, free[:, rows] & group, limits)
            choice = np.where(choice == NO_MATCH, best, choice)
        matched[:, rows, rank] = choice
        threshold, row = np.nonzero(choice != NO_MATCH)
        image, person = rows[row], choice[threshold, row]
        free[threshold, image, person] = people.crowd[image, person]
    return matched


def _last_best(
    values: np.ndarray, allowed: np.ndarray, limits: np.ndarray
) -> np.ndarray:
    """Return the best allowed place (T, R) of (1, R, G) values, or -1."""
    if not allowed.any():
        return np.full(allowed.shape[:2], NO_MATCH)
    passed = allowed & (values >= limits[:, None, None])
    best = _last_argmax(np.where(passed, values, -np.inf))
    best = np.where(passed.any(-1), best, NO_MATCH)
    if np.isnan(values).any():
        undefined = allowed & np.isnan(values)
        last = _last_argmax(undefined)[..., None]
        later = allowed & (np.arange(values.shape[-1]) > last)
        after = _last_argmax(np.where(later, values, -np.inf))
        after = np.where(later.any(-1), after, last[..., 0])
        best = np.where(undefined.any(-1), after, best)
    return best


def _last_argmax(values: np.ndarray) -> np.ndarray:
    return values.shape[-1] - 1 - values[..., ::-1].argmax(-1)
