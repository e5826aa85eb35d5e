import math

import numpy as np
import pytest
from scipy import stats

from mmkbdm.benchmark.statistics import paired


def test_interval_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    a = dict(enumerate(rng.normal(0.5, 0.1, 5)))
    b = dict(enumerate(rng.normal(0.4, 0.1, 5)))
    pair = paired(a, b)
    test = stats.ttest_rel(list(a.values()), list(b.values()))
    low, high = test.confidence_interval(0.95)
    assert pair.mean - pair.half == pytest.approx(low)
    assert pair.mean + pair.half == pytest.approx(high)
    assert pair.clear == (test.pvalue < 0.05)


def test_only_shared_seeds_are_compared():
    pair = paired({0: 1.0, 1: 2.0, 7: 99.0}, {1: 1.5, 0: 0.5, 3: -9.0})
    assert (pair.mean, pair.half, pair.count) == (0.5, 0.0, 2)


def test_two_seeds_are_never_clear():
    assert not paired({0: 1.0, 1: 1.0}, {0: 0.0, 1: 0.0}).clear
    assert paired(dict.fromkeys('abc', 1.0), dict.fromkeys('abc', 0.0)).clear


def test_one_seed_has_no_interval():
    pair = paired({0: 1.0}, {0: 0.0})
    assert pair.mean == 1.0
    assert math.isnan(pair.half)
    assert not pair.clear


def test_no_shared_seed():
    with pytest.raises(ValueError, match='share no seed'):
        paired({0: 1.0}, {1: 1.0})
