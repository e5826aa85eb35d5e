"""How the tests ask a pipeline."""

import numpy as np
import torch
from tiny_generator import batch, generators


def quiet(pipeline):
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def person(x=20, y=10, height=44):
    """Upright, from the nose down, (1, 17, 3)."""
    rows = [0, 0, 0, 1, 1, 3, 3, 5, 5, 7, 7, 6, 6, 8, 8, 10, 10]
    sides = [0, -1, 1, -1, 1, -2, 2, -3, 3, -3, 3, -1, 1, -1, 1, -1, 1]
    pose = np.zeros((1, 17, 3), np.float32)
    pose[0, :, 0] = x + np.array(sides) * height / 12
    pose[0, :, 1] = y + np.array(rows) * height / 10
    pose[0, :, 2] = 2
    return pose


def run(pipeline, **settings):
    """As ``generator.generate(batch(), generators())``, uint8 tensors."""
    given = batch()
    arguments = dict(
        prompt=given['prompt'],
        generator=generators(),
    )
    if 'poses' not in settings:
        arguments['image'] = given['condition']
    images = pipeline(**{**arguments, **settings}).images
    return [torch.from_numpy(np.array(one)) for one in images]


def same(ones, others):
    return all(torch.equal(a, b) for a, b in zip(ones, others, strict=True))
