"""Latency of several networks, measured in turns (ours)."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

WARM_UP = 2
FEWEST = 3


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of some measurements."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, values: list[float]) -> 'Spread':
        """Spread of at least one value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        lower, median, upper = statistics.quantiles(
            values, n=4, method='inclusive'
        )
        return cls(median, lower, upper)


def take_turns(
    calls: dict[str, Callable[[], object]],
    repeats: int,
    max_seconds: float = float('inf'),
    synchronize: Callable[[], None] = lambda: None,
    progress: Callable[[int], object] = lambda rounds: None,
) -> dict[str, list[float]]:
    """Time calls round by round, so that a change of speed meets them all.

    Each round times every call once and begins with another one. Two rounds
    come before that do not count, or one when it takes more than a quarter
    of ``max_seconds``.

    Args:
        calls (dict[str, Callable]): What is timed, by name.
        repeats (int): Rounds that count.
        max_seconds (float): No further round begins after so many seconds,
            once there are three. Defaults to no limit.
        synchronize (Callable): Waits for the device, before and after each
            call. Defaults to nothing.
        progress (Callable): Told the rounds that were done or dropped; all
            in all ``repeats + 2``. Defaults to nothing.

    Returns:
        dict[str, list[float]]: Seconds by name, one for each round.
    """
    names = list(calls)
    seconds = {name: [] for name in names}
    begin = time.perf_counter()

    def elapsed() -> float:
        return time.perf_counter() - begin

    for number in range(WARM_UP):
        if number == 0 or elapsed() < max_seconds / 4:
            for call in calls.values():
                call()
        progress(1)
    for number in range(repeats):
        if number >= FEWEST and elapsed() > max_seconds:
            progress(repeats - number)
            break
        first = number % len(names)
        for name in names[first:] + names[:first]:
            synchronize()
            start = time.perf_counter()
            calls[name]()
            synchronize()
            seconds[name].append(time.perf_counter() - start)
        progress(1)
    return seconds


def pairwise_ratio(values: list[float], base: list[float]) -> Spread:
    """Spread of the ratios of measurements of the same round."""
    return Spread.of([a / b for a, b in zip(values, base)])
