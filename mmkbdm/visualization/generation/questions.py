"""Points of an image whose attention is shown (ours)."""

import difflib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.toy_human.skeleton import KEYPOINT_NAMES

from ..parse_graph_context import cell_of
from ..pose_drawing import drawable
from .view import GenerationView

DEFAULT_JOINTS = ('left_wrist', 'left_ankle')


class Question(NamedTuple):
    """A token that asks.

    Attributes:
        name (str): Of the joint, or ``background``.
        point (np.ndarray): x, y in pixels; 0, 0 is the corner of the image.
        token (int): Row by row.
    """

    name: str
    point: np.ndarray
    token: int


def chosen_joints(
    poses: np.ndarray,
    height: int,
    width: int,
    names: Sequence[str] | None = None,
) -> dict[str, np.ndarray]:
    """Choose joints, each of the first person who shows it.

    Args:
        poses (np.ndarray): (P, 17, 3), pixels of the image.
        height (int): Of the image, in pixels.
        width (int): Of the image, in pixels.
        names (Sequence[str], optional): Of COCO. Defaults to a wrist and an
            ankle, or whatever there is.

    Returns:
        dict[str, np.ndarray]: x, y by name; 0, 0 is the corner of the image,
        not the centre of its first pixel. Empty if nobody is there.

    Raises:
        PreflightError: There is no such joint, or nobody shows it.
    """
    there = visible_joints(poses, height, width)
    if names is None:
        default = [name for name in DEFAULT_JOINTS if name in there]
        names = default or list(there)[: len(DEFAULT_JOINTS)]
    for name in names:
        if name not in KEYPOINT_NAMES:
            close = difflib.get_close_matches(name, KEYPOINT_NAMES, n=1)
            hint = f'did you mean {close[0]}? ' if close else ''
            raise PreflightError(
                f'--joints {name} is no joint of COCO: {hint}It has '
                f'{", ".join(KEYPOINT_NAMES)}'
            )
        if name not in there:
            raise PreflightError(
                f'--joints {name}: nobody shows it in this pose, which has '
                f'{", ".join(there) or "no joint"}'
            )
    return {name: there[name] for name in names}


def questions(
    view: GenerationView, joints: Sequence[str] | None = None
) -> list[Question]:
    """Choose the tokens to ask: joints, and the furthest background.

    Args:
        view (GenerationView): Of a model with masks.
        joints (Sequence[str], optional): See :func:`chosen_joints`.
    """
    points = chosen_joints(view.job.poses, *view.condition.shape[:2], joints)
    background = _background(view)
    if background is not None:
        points['background'] = background
    asked = []
    for name, point in points.items():
        row, column = cell_of(point, view.condition, view.grid)
        asked.append(Question(name, point, row * view.grid[1] + column))
    return asked


def _background(view: GenerationView) -> np.ndarray | None:
    """Centre of the token furthest from the pose, if one is off it."""
    distance = view.token_distance
    if not distance.any():
        return None
    cell = np.unravel_index(distance.argmax(), distance.shape)
    return (np.array(cell[::-1]) + 0.5) * view.token_size


def visible_joints(
    poses: np.ndarray, height: int, width: int
) -> dict[str, np.ndarray]:
    """Find every joint of the first person who shows it."""
    there = drawable(poses, height, width)
    return {
        name: poses[int(there[:, joint].argmax()), joint, :2] + 0.5
        for joint, name in enumerate(KEYPOINT_NAMES)
        if there[:, joint].any()
    }
