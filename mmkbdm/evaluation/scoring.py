"""Scores of judged images, with a floor that needs no second model (ours)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .functional import (
    Protocol,
    oks_of_images,
    score_collected,
    standard,
)
from .functional.people_count import SCORE_THRESHOLD
from .judged import Evaluation, JudgedImage

FLOOR = 'the same images against the poses of other images'


def score_evaluation(
    evaluation: Evaluation, protocol: Protocol | None = None
) -> tuple[dict[str, float], dict[str, int]]:
    """AP, CAP and PCE of an evaluation, and the counts behind them.

    Args:
        evaluation (Evaluation): Judged images.
        protocol (Protocol, optional): Defaults to None, the standard one.

    Returns:
        tuple[dict, dict]: Scores as :func:`score_poses` names them, and
        counts of images, people and detections.
    """
    protocol = protocol or standard()
    collected = evaluation.collect(protocol)
    counts = {**evaluation.counts, **collected.counts}
    return score_collected(collected, protocol=protocol), counts


def shuffled(
    images: Sequence[JudgedImage], seed: int = 0
) -> list[JudgedImage]:
    """Give every image the poses of another one.

    What they score then is what a generator scores that makes equally good
    pictures and is not told the pose. Poses keep their place relative to the
    image where sizes differ. A single image keeps its own.

    Args:
        images (Sequence[JudgedImage]): Judged images.
        seed (int): Of the order. Defaults to 0.
    """
    order = np.random.default_rng(seed).permutation(len(images))
    mixed = list(images)
    # A cycle through all images: nobody keeps the own poses.
    for to, origin in zip(order, np.roll(order, 1)):
        source, image = images[origin], images[to]
        scale = (image.width / source.width, image.height / source.height, 1)
        # Centres of pixels are integers, so edges are half a pixel off.
        half = np.array([0.5, 0.5, 0])
        mixed[to] = replace(image, poses=(source.poses + half) * scale - half)
    return mixed


def image_table(evaluation: Evaluation) -> list[dict]:
    """Rows of ``per_image.csv``, one for every image given, by name.

    They are those of the standard protocol: the legacy one is not defined
    for an image alone.

    Returns:
        list[dict]: ``name``, ``status`` (scored or excluded), ``reason``
        (empty if scored), ``people`` asked for, ``detections`` that PCE
        counts, ``people_count_error``, ``oks`` (mean over the people of the
        best detection's OKS, empty if nobody has one), ``height``,
        ``width``, ``scenario``, ``prompt``. An excluded image has only the
        first three.
    """
    detections, truth, _ = evaluation.collect()
    images = len(evaluation.images)
    people = np.bincount(truth.image, minlength=images)
    sure = detections.scores > SCORE_THRESHOLD
    found = np.bincount(detections.image[sure], minlength=images)
    oks, measured = oks_of_images(detections, truth)
    rows = [
        dict(
            name=image.name,
            status='scored',
            reason='',
            people=int(people[i]),
            detections=int(found[i]),
            people_count_error=int(abs(found[i] - people[i])),
            oks=float(oks[i] / measured[i]) if measured[i] else '',
            height=image.height,
            width=image.width,
            scenario=image.scenario,
            prompt=image.prompt,
        )
        for i, image in enumerate(evaluation.images)
    ]
    rows += [
        dict(name=name, status='excluded', reason=reason)
        for name, reason in evaluation.excluded.items()
    ]
    return sorted(rows, key=lambda row: row['name'])
