"""A sheet of samples in every style, with captions and skeletons.

Source: ours.
"""

import cv2
import numpy as np

from .image import render_image
from .skeleton import COCO_SKELETON
from .styles import STYLES

_TILE = 256
_LEFT, _RIGHT, _MIDDLE = (60, 200, 60), (40, 140, 255), (255, 140, 60)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def contact_sheet(size=128, max_people=4, seed=0, columns=6, skeletons=False):
    """Draw one row of samples for every style.

    Args:
        size (int): Width and height at which samples are rendered.
        max_people (int): Largest number of people, 1 to 4.
        seed (int): Seed; the samples are not those of the splits.
        columns (int): Samples per style.
        skeletons (bool): Overlay the annotated joints: left limbs green,
            right limbs orange; visible joints white, hidden ones red.

    Returns:
        np.ndarray: BGR sheet, uint8.
    """
    rows = []
    for row, style in enumerate(STYLES):
        tiles = []
        for column in range(columns):
            toy = render_image((seed, 2, row, column), size, max_people, style)
            tiles.append(_tile(toy, size, skeletons))
        rows.append(np.hstack(tiles))
    return np.vstack(rows)


def _tile(toy, size, skeletons):
    image = cv2.resize(
        toy.image, (_TILE, _TILE), interpolation=cv2.INTER_CUBIC
    )
    if skeletons:
        for annotation in toy.annotations:
            _draw_skeleton(image, annotation['keypoints'], _TILE / size)
    words = toy.description.split(' ')
    lines = ['']
    for word in words:
        if len(lines[-1]) + len(word) > 40:
            lines.append('')
        lines[-1] += word + ' '
    strip = np.full((44, _TILE, 3), 255, np.uint8)
    for i, line in enumerate(lines[:4]):
        cv2.putText(
            strip, line, (3, 10 + 10 * i), _FONT, 0.33, 0, 1, cv2.LINE_AA
        )
    return np.vstack((image, strip))


def _draw_skeleton(image, keypoints, zoom):
    joints = [
        (round((x + 0.5) * zoom), round((y + 0.5) * zoom), v)
        for x, y, v in zip(*(keypoints[i::3] for i in range(3)))
    ]
    for a, b in COCO_SKELETON:
        p, q = joints[a - 1], joints[b - 1]
        if p[2] and q[2]:
            colour = _MIDDLE
            if a % 2 == b % 2:
                colour = _RIGHT if a % 2 else _LEFT
            cv2.line(image, p[:2], q[:2], colour, 2, cv2.LINE_AA)
    for x, y, v in joints:
        if v:
            colour = (255, 255, 255) if v == 2 else (40, 40, 230)
            cv2.circle(image, (x, y), 3, colour, -1, cv2.LINE_AA)
