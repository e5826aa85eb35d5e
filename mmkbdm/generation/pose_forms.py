"""Poses of JSON files without names: predictions and plain lists (ours).

- MMPose's inferencer writes a list of people of an image, or returns a list
  of such lists: dicts with ``keypoints`` (17, 2) and ``keypoint_scores``;
- MMPose's demos write a dict with such a list as ``instance_info``, for
  videos one of each frame;
- COCO's results are a list of dicts with ``image_id`` and 51 ``keypoints``;
- plain lists hold people as 51 numbers, or 17 rows of 2 or 3.
"""

import numpy as np

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.generation.records import (
    NUM_JOINTS,
    check_pose,
    fail,
    stack_poses,
)
from mmkbdm.evaluation.judges.base import JOINT_THRESHOLD

FORMS = (
    'it must be COCO keypoints, a mapping of HumanSD, predictions of MMPose, '
    'COCO results, or a list of people of 17 joints each'
)


def read_forms(content, file: str) -> dict[str, np.ndarray]:
    """Return the poses of each image, by what the file calls it.

    Args:
        content: Of the JSON file.
        file (str): For messages.

    Returns:
        dict[str, np.ndarray]: (P, 17, 3) float32 x, y and a confidence, in
        pixels of an image whose size the file does not tell. A single image
        has the name ''.

    Raises:
        PreflightError: Names file, person and what is wrong.
    """
    if isinstance(content, dict) and 'instance_info' in content:
        content = content['instance_info']
        if _all(content, lambda one: 'instances' in one):
            return {
                f'frame {one.get("frame_id", i)}': _people(
                    one['instances'], file
                )
                for i, one in enumerate(content)
            }
    if not isinstance(content, list):
        raise PreflightError(f'{file} holds no poses: {FORMS}')
    if content and _all(content, lambda one: 'image_id' in one):
        images = {}
        for one in content:
            images.setdefault(str(one['image_id']), []).append(one)
        return {name: _people(one, file) for name, one in images.items()}
    if content and all(
        isinstance(one, list) and _all(one, lambda one: 'keypoints' in one)
        for one in content
    ):
        if len(content) == 1:
            return {'': _people(content[0], file)}
        return {str(i): _people(one, file) for i, one in enumerate(content)}
    return {'': _people(content, file)}


def read_people(people, file: str, where: str = '') -> np.ndarray:
    """Return people of a plain list, (P, 17, 3).

    Raises:
        PreflightError: Names the person, or says that it is no list.
    """
    if not isinstance(people, list):
        fail(file, where, f'has {people!r:.60} in place of a list of people')
    return stack_poses(
        [
            _plain(one, file, f'{where} person {i}'.strip())
            for i, one in enumerate(people)
        ]
    )


def sure(keypoints: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Join predictions (..., 17, 2) and scores (..., 17), without the unsure.

    Those at or below the threshold that MMPose's metrics have are not there.
    """
    scores = np.where(scores > JOINT_THRESHOLD, scores, 0)
    poses = np.concatenate([keypoints, scores[..., None]], -1)
    return np.where(scores[..., None] > 0, poses, 0).astype(np.float32)


def _all(content, holds) -> bool:
    return isinstance(content, list) and all(
        isinstance(one, dict) and holds(one) for one in content
    )


def _people(people, file: str) -> np.ndarray:
    if not people or not _all(people, lambda one: True):
        return read_people(people, file)
    poses = []
    for i, person in enumerate(people):
        name = f'person {i}'
        if 'keypoints' not in person:
            fail(file, name, 'has no key "keypoints"')
        pose = _plain(person['keypoints'], file, name)
        if 'keypoint_scores' in person:
            try:
                scores = np.asarray(person['keypoint_scores'], np.float32)
            except (TypeError, ValueError):
                fail(
                    file, name, 'has keypoint_scores that are not all numbers'
                )
            if scores.shape != (NUM_JOINTS,):
                fail(file, name, f'has {scores.size} keypoint_scores, not 17')
            pose = sure(pose[:, :2], scores)
        poses.append(pose)
    return stack_poses(poses)


def _plain(values, file: str, name: str) -> np.ndarray:
    try:
        pose = np.asarray(values, np.float32)
    except (TypeError, ValueError):
        fail(file, name, 'has keypoints that are not all numbers')
    if pose.ndim == 2 and pose.shape[1] == 2:
        # All joints are sure.
        pose = np.concatenate([pose, np.ones_like(pose[:, :1])], 1)
    if pose.ndim == 2 and pose.shape != (NUM_JOINTS, 3):
        fail(file, name, f'has joints of shape {pose.shape}, not (17, 3)')
    return check_pose(pose, file, name)
