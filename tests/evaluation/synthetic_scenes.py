"""Poses of many images, and what a middling judge would find in them."""

import numpy as np

NUM_JOINTS = 17


def people(rng, number, shapes):
    """Random poses (number, 17, 3) in a picture of 512 pixels."""
    shape = shapes[rng.integers(len(shapes), size=number)]
    places = shape * rng.uniform(12, 90, (number, 1, 1))
    places = places + rng.uniform(100, 412, (number, 1, 2))
    visible = rng.choice([0, 1, 2], p=[0.2, 0.2, 0.6], size=places.shape[:2])
    visible[:, :2] = 2
    return np.concatenate([places, visible[..., None]], axis=-1)


def scenes(num_images, seed=0, most=12):
    """Return poses asked for, poses found and their scores, by image.

    About 2.6 people an image, some images without; a tenth of them is
    missed, others found twice or where there is nobody. Scores have two
    decimals, so that there are equals.
    """
    rng = np.random.default_rng(seed)
    shapes = rng.normal(size=(60, NUM_JOINTS, 2))
    number = rng.choice(
        [0, 1, 2, 3, 5, 8, most],
        p=[0.02, 0.42, 0.21, 0.14, 0.1, 0.07, 0.04],
        size=num_images,
    )
    true, found, scores = [], [], []
    for count in number:
        asked = people(rng, count, shapes)
        seen = asked[rng.uniform(size=count) < 0.9].copy()
        noise = rng.uniform(0, 8, (len(seen), 1, 1))
        seen[..., :2] += noise * rng.normal(size=seen[..., :2].shape)
        twice = seen[rng.uniform(size=len(seen)) < 0.2] + 0.5
        wrong = people(rng, rng.integers(3), shapes)
        answer = np.concatenate([seen, twice, wrong])
        answer[..., 2] = rng.uniform(0.05, 1, answer.shape[:2])
        true.append(asked)
        found.append(answer)
        scores.append(rng.uniform(0, 1, len(answer)).round(2))
    return true, found, scores
