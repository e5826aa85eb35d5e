"""CAP of the legacy protocol, pair by pair, as the definition reads."""

import numpy as np

SIGMAS = np.array(
    [0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072]
    + [0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089]
)
THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)


def unit(values):
    scaled = (values - values.min()) / (values.max() - values.min())
    return scaled / np.linalg.norm(scaled)


def similarity(found, true, y_from_x=True):
    """Cosine of two poses (K, 3), of which the second says what counts."""
    visible = true[:, 2] > 0
    x_true = unit((true[:, 0] / SIGMAS)[visible])
    y_true = unit((true[:, 1] / SIGMAS)[visible])
    x_found = unit((found[:, 0] / SIGMAS)[visible])
    y_found = x_found
    if not y_from_x:
        y_found = unit((found[:, 1] / SIGMAS)[visible])
    a = np.concatenate([x_true, y_true])
    b = np.concatenate([x_found, y_found])
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def choose(row, taken, threshold):
    """Return the person that a detection takes, -1 for none."""
    best, choice = min(threshold, 1 - 1e-10), -1
    for person, value in enumerate(row):
        if taken[person] or value < best:
            continue
        best, choice = value, person
    return choice


def precision_of_batch(true, found, scores, y_from_x, id_zero):
    """AP (T, ) of a mini-batch, -1 without people."""
    flags, all_scores = [], []
    people = sum(len(one) for one in true)
    annotation = 0
    for persons, poses, values in zip(true, found, scores):
        order = np.argsort(-values, kind='stable')[:20]
        table = [
            [similarity(poses[i], person, y_from_x) for person in persons]
            for i in order
        ]
        right = np.zeros((len(THRESHOLDS), len(order)), bool)
        for t, threshold in enumerate(THRESHOLDS):
            taken = [False] * len(persons)
            for d, row in enumerate(table):
                person = choose(row, taken, threshold)
                if person < 0:
                    continue
                taken[person] = True
                right[t, d] = not id_zero or annotation + person > 0
        annotation += len(persons)
        flags.append(right)
        all_scores.append(values[order])
    if not people:
        return np.full(len(THRESHOLDS), -1.0)
    order = np.argsort(-np.concatenate(all_scores), kind='stable')
    result = []
    for right in np.concatenate(flags, 1)[:, order]:
        true_positives = np.cumsum(right)
        precision = true_positives / np.arange(1, len(right) + 1)
        for i in range(len(right) - 1, 0, -1):
            precision[i - 1] = max(precision[i - 1], precision[i])
        at = np.searchsorted(true_positives / people, RECALLS)
        result.append(
            np.mean([precision[i] if i < len(right) else 0 for i in at])
        )
    return np.array(result)


def legacy_cap(true, found, scores, y_from_x=True, id_zero=True):
    """CAP with every quirk: complete mini-batches of four, averaged."""
    batches = []
    with np.errstate(invalid='ignore', divide='ignore'):
        for i in range(0, len(true) - len(true) % 4, 4):
            part = slice(i, i + 4)
            batches.append(
                precision_of_batch(
                    [one[:10] for one in true[part]],
                    found[part],
                    scores[part],
                    y_from_x,
                    id_zero,
                )
            )
    return np.mean(batches)
