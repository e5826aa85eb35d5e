"""Small random helpers on ``numpy.random.Generator``, plain floats only.

Source: ours. Only ``Generator.random`` is used (53 random bits, no
transcendental function), so the draws are the same on every machine.
"""


def uniform(rng, low, high):
    """Return a float in ``[low, high)``."""
    return low + (high - low) * rng.random()


def jitter(rng, spread):
    """Return a float in ``(-spread, spread)``, triangular around zero."""
    return spread * (rng.random() + rng.random() - 1.0)


def chance(rng, probability):
    """Return True with the given probability."""
    return rng.random() < probability


def pick(rng, items):
    """Return one element of the sequence ``items``."""
    return items[int(rng.random() * len(items))]


def pick_weighted(rng, items, weights):
    """Return one of ``items``; ``weights`` need not sum to one."""
    left = rng.random() * sum(weights)
    for item, weight in zip(items, weights):
        left -= weight
        if left < 0:
            return item
    return items[-1]


def shuffled(rng, items):
    """Return the elements of ``items`` in a random order, as a list."""
    keyed = [(rng.random(), i) for i in range(len(items))]
    return [items[i] for _, i in sorted(keyed)]
