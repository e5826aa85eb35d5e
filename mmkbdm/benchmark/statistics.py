"""Paired comparison of arms over seeds (ours)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Comparison:
    """Mean of a quantity over seeds with its 95 % interval.

    Args:
        mean (float): Mean over the seeds.
        half (float): Half of the interval's width, NaN for a single seed.
        count (int): Seeds.
    """

    mean: float
    half: float
    count: int

    @property
    def clear(self) -> bool:
        """Whether the interval excludes zero, over at least three seeds."""
        return self.count > 2 and self.half < abs(self.mean)


def paired(
    values: Mapping[int, float], reference: Mapping[int, float]
) -> Comparison:
    """Compare two arms seed by seed.

    The interval is Student's t for the mean of the differences: it holds
    when they are about normal, which a few seeds cannot show.

    Args:
        values, reference (Mapping[int, float]): Measurement by seed; only
            seeds that both have are compared.

    Raises:
        ValueError: When they share no seed.
    """
    seeds = sorted(set(values) & set(reference))
    if not seeds:
        raise ValueError('the two arms share no seed')
    differences = np.array([values[s] - reference[s] for s in seeds])
    return Comparison(
        float(differences.mean()), half_width(differences), len(seeds)
    )


def half_width(values: np.ndarray) -> float:
    """Half of Student's 95 % interval of a mean, NaN for a single value."""
    count = len(values)
    if count < 2:
        return math.nan
    error = values.std(ddof=1) / math.sqrt(count)
    return float(stats.t.ppf(0.975, count - 1) * error)
