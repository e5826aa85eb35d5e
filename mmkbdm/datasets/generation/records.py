"""Reading of annotation files that says which record is wrong (ours)."""

import json
from collections import Counter

import numpy as np

from mmkbdm.apis.errors import PreflightError

NUM_JOINTS = 17


def fail(file: str, record: str, problem: str) -> None:
    """Raise the one line that names a file, its record and the problem.

    Raises:
        PreflightError: Always.
    """
    where = f'{file}: {record}' if record else file
    raise PreflightError(f'{where} {problem}: mend or remove it')


def read_json(path: str):
    """Return the content of a JSON file.

    Args:
        path (str): The file.

    Raises:
        PreflightError: If it cannot be read or is no whole JSON.
    """
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except OSError as error:
        raise PreflightError(
            f'{path} cannot be read ({error.strerror}): it must be a file '
            'that you may read'
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PreflightError(
            f'{path} is not a whole JSON file ({error}): get it again'
        ) from error


def read_list(content, key: str, file: str) -> list[dict]:
    """Return a list of records of a COCO-style file.

    Raises:
        PreflightError: If it is no list of dicts.
    """
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise PreflightError(
            f'{file} is not a COCO file: it has no list "{key}"'
        )
    for index, record in enumerate(found):
        if not isinstance(record, dict):
            fail(file, f'{key}[{index}]', 'is not a dict')
    return found


def need(record: dict, key: str, kind: type | tuple, file: str, name: str):
    """Return a value of a record, checked for its type.

    Raises:
        PreflightError: Names the file, the record and the key.
    """
    if key not in record:
        fail(file, name, f'has no key "{key}"')
    value = record[key]
    # To Python, True is an int.
    if not isinstance(value, kind) or isinstance(value, bool):
        fail(file, name, f'has {value!r} as "{key}"')
    return value


def check_pose(values, file: str, name: str) -> np.ndarray:
    """Turn the joints of one person into an array.

    Args:
        values: 51 numbers, or (17, 3): x, y in pixels, and COCO's
            visibility (0, 1, 2) or a confidence.
        file (str): For the error.
        name (str): The record, for the error.

    Returns:
        np.ndarray: float32 (17, 3); a joint of visibility 0 is at 0, 0.

    Raises:
        PreflightError: On another count or a number that is not finite.
    """
    try:
        pose = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        fail(file, name, 'has keypoints that are not all numbers')
    if pose.size != NUM_JOINTS * 3:
        fail(file, name, f'has {pose.size} keypoint numbers, not 51')
    pose = pose.reshape(NUM_JOINTS, 3)
    if not np.isfinite(pose).all():
        joint = int(np.argmin(np.isfinite(pose).all(axis=1)))
        fail(
            file,
            name,
            f'has a joint that is not finite ({joint}: {pose[joint]})',
        )
    return np.where(pose[:, 2:] > 0, pose, 0)


def stack_poses(poses: list[np.ndarray]) -> np.ndarray:
    """Stack (17, 3) arrays to float32 (P, 17, 3), P may be 0."""
    return np.asarray(poses, np.float32).reshape(-1, NUM_JOINTS, 3)


def read_coco_people(
    ann_file: str,
) -> tuple[list[dict], dict[int, np.ndarray], Counter]:
    """Read images and posed people of a COCO keypoint file.

    Args:
        ann_file (str): JSON with ``images`` (``id``, ``file_name``,
            ``height``, ``width``) and ``annotations`` (``image_id``,
            ``keypoints``, and ``iscrowd`` where there are crowds).

    Returns:
        tuple: The image records in the order of the file; poses, float32
        (P, 17, 3), of every image by its id; and how many annotations were
        left out, by reason.

    Raises:
        PreflightError: Names the file, the record and what is wrong.
    """
    content = read_json(ann_file)
    images = read_list(content, 'images', ann_file)
    people = {}
    for index, image in enumerate(images):
        name = f'images[{index}]'
        image_id = need(image, 'id', int, ann_file, name)
        if image_id in people:
            fail(ann_file, name, f'has the id {image_id} of another image')
        people[image_id] = []
        name = f'image {image_id}'
        need(image, 'file_name', str, ann_file, name)
        for key in ('height', 'width'):
            need(image, key, int, ann_file, name)
    left_out = Counter()
    for person in read_list(content, 'annotations', ann_file):
        name = f'annotation {person.get("id")}'
        image_id = need(person, 'image_id', int, ann_file, name)
        name = f'{name} of image {image_id}'
        if image_id not in people:
            fail(ann_file, name, 'is of an image that the file does not list')
        if person.get('iscrowd'):
            left_out['crowd annotations'] += 1
            continue
        pose = need(person, 'keypoints', list, ann_file, name)
        pose = check_pose(pose, ann_file, name)
        if (pose[:, 2] > 0).any():
            people[image_id].append(pose)
        else:
            left_out['people without a joint'] += 1
    poses = {key: stack_poses(value) for key, value in people.items()}
    return images, poses, left_out
