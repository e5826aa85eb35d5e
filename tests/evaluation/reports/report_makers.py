"""Judged images and reports of them, without any judge."""

import numpy as np

from mmkbdm.evaluation.judged import Evaluation, JudgedImage
from mmkbdm.evaluation.reports.write import write_report

SHAPES = np.random.default_rng(0).normal(size=(9, 17, 2))


def image(name, people=1, missed=0, noise=0.0, seed=0, false=0, **fields):
    """An image of 96 x 128 pixels.

    Args:
        people (int): Asked for; they depend on the name alone.
        missed (int): Of them, not found.
        noise (float): Pixels by which joints are found elsewhere.
        seed (int): Of the noise.
        false (int): Detections where nobody was asked for.
    """
    asking = np.random.default_rng([*name.encode()])
    noisy = np.random.default_rng([seed, *name.encode()])
    poses = np.full((people, 17, 3), 2.0)
    poses[..., :2] = 64 + 12 * SHAPES[asking.integers(9, size=people)]
    poses[..., 0] += asking.uniform(-20, 20, (people, 1))
    found = poses[missed:, :, :2]
    found = found + noise * noisy.normal(size=found.shape)
    found = np.concatenate([found, noisy.uniform(0, 90, (false, 17, 2))])
    people = dict(
        keypoints=found,
        keypoint_scores=np.full(found.shape[:2], 0.9),
        scores=noisy.uniform(0.4, 1, len(found)),
        bboxes=np.zeros((len(found), 4)),
    )
    values = dict(path=f'nowhere/{name}', height=96, width=128) | fields
    return JudgedImage(name, poses=poses, people=people, **values)


def run(number=20, noise=1.0, seed=0, spread=1.0):
    """Images of one to four people; ``spread`` makes some worse by chance."""
    rng = np.random.default_rng([7, seed])
    return [
        image(
            f'{i:04d}.png',
            1 + i % 4,
            missed=int(rng.uniform() < 0.1),
            noise=noise * rng.exponential(spread),
            seed=seed,
        )
        for i in range(number)
    ]


def report(folder, images, excluded=None, without_image=(), **changes):
    """Write a report; ``changes`` are arguments of :func:`write_report`."""
    excluded = excluded or {}
    evaluation = Evaluation(
        images, excluded, len(images) + len(excluded), without_image
    )
    arguments = dict(
        judge=dict(name='Judge', weights_sha256='ab12', versions={}),
        protocol_name='standard',
        switches={},
        image_scores={},
        per_image_scores={},
        features=None,
        ceiling=None,
        floor=None,
        judge_ceiling=None,
        generation=None,
        seeds=None,
        command='python tools/judge.py',
    )
    return write_report(folder, evaluation, **{**arguments, **changes})
