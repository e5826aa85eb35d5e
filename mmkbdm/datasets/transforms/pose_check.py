"""Poses that transforms can work with (ours)."""

import numpy as np

from mmkbdm.apis.errors import PreflightError


def check_poses(results: dict) -> None:
    """Refuse ``poses`` that are not float numbers (P, 17, 3).

    Our datasets have checked theirs; others may not have.

    Args:
        results (dict): Of a pipeline; with ``img_path`` and ``img_id``.

    Raises:
        PreflightError: Names the image, the person and the joint.
    """
    poses = results['poses']
    problem = None
    if poses.ndim != 3 or poses.shape[1:] != (17, 3):
        problem = f'poses of shape {poses.shape}, not (people, 17, 3)'
    elif not np.isfinite(poses).all():
        person, joint, _ = np.argwhere(~np.isfinite(poses))[0]
        problem = (
            f'a joint that is not finite (person {person}, joint {joint}: '
            f'{poses[person, joint]})'
        )
    if problem:
        raise PreflightError(
            f'image {results.get("img_path")} of annotation '
            f'{results.get("img_id")} has {problem}: mend or remove it'
        )
