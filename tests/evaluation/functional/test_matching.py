import numpy as np
import pytest

from mmkbdm.evaluation.functional.matching import People, match_greedily

THRESHOLDS = np.array([0.3, 0.5, 0.9])


def loop(similarity, people, threshold):
    """COCO's rules, one image and one threshold."""
    order = np.argsort(people.ignored, kind='stable')
    order = [i for i in order if people.present[i]]
    taken, matched = set(), []
    for row in similarity:
        best, choice = threshold, -1
        if not np.isneginf(row[people.present]).all():
            for i in order:
                if i in taken and not people.crowd[i]:
                    continue
                if choice >= 0 and people.ignored[i] > people.ignored[choice]:
                    break
                if row[i] < best:
                    continue
                best, choice = row[i], i
        taken.add(choice)
        matched.append(choice)
    return matched


@pytest.mark.parametrize('undefined', [0, 0.3])
def test_equals_a_loop(undefined):
    rng = np.random.default_rng(0)
    shape = (200, 6, 5)
    # One decimal, so that there are equals.
    similarity = rng.uniform(size=shape).round(1)
    similarity[rng.uniform(size=shape) < undefined] = np.nan
    number = rng.integers(0, 6, 200)
    present = np.arange(5) < number[:, None]
    ignored = rng.uniform(size=present.shape) < 0.3
    crowd = ignored & (rng.uniform(size=present.shape) < 0.5)
    similarity[~np.broadcast_to(present[:, None], shape)] = -np.inf
    people = People(present, ignored, crowd)
    matched = match_greedily(similarity, people, THRESHOLDS)
    for t, threshold in enumerate(THRESHOLDS):
        for i in range(200):
            one = People(present[i], ignored[i], crowd[i])
            assert matched[t, i].tolist() == loop(
                similarity[i], one, threshold
            )
    assert (matched >= 0).any() and (matched < 0).any()


def test_one_by_rounding_passes_one():
    people = People(*np.array([[[True]], [[False]], [[False]]]))
    matched = match_greedily(
        np.array([[[1 - 1e-12]]]), people, np.array([1.0])
    )
    assert matched.tolist() == [[[0]]]
