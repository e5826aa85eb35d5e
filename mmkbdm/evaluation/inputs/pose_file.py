"""Poses and prompts of any annotation file that the field uses (ours)."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.generation.pose_npz import read_pose_npz
from mmkbdm.datasets.generation.records import (
    NUM_JOINTS,
    check_pose,
    fail,
    need,
    read_json,
    read_list,
    stack_poses,
)


@dataclass(frozen=True)
class PoseRecord:
    """What an annotation file says of an image.

    Args:
        name (str): The image's file name as annotated.
        load_poses (Callable): Returns the poses (P, 17, 3), x, y in pixels
            and visibility; NaN where they are annotated as such. Raises
            PreflightError if they are in a file that cannot be read.
        annotated_size (tuple[int, int], optional): Height and width.
        prompt (str): Empty where there is none.
        scenario (str): With underscores; empty where there is none.
        original (str): File of the image that the poses were taken of, as
            far as it can be told; it need not be there.
    """

    name: str
    load_poses: Callable[[], np.ndarray]
    annotated_size: tuple[int, int] | None = None
    prompt: str = ''
    scenario: str = ''
    original: str = ''


def read_pose_file(
    path: str, pose_root: str | None = None
) -> list[PoseRecord]:
    """Read an annotation file, whose form its content tells.

    - COCO's keypoints: ``images`` and ``annotations``; Human-Art's and
      ToyHuman's ``description`` and ``category`` are prompt and scenario.
      Crowds and people without a visible joint are no part of a condition.
    - HumanSD's mapping: ``{index: {"img_path", "prompt", "pose_path"}}``,
      with a :func:`pose file <read_pose_npz>` an image. It has no scenario;
      the image's folder is taken if the prompt begins with its name.

    Args:
        path (str): The JSON.
        pose_root (str, optional): Where a mapping's ``pose_path`` and
            ``img_path`` start. Defaults to the folder of the mapping.

    Raises:
        PreflightError: Names the file, the record and what is wrong.
    """
    content = read_json(path)
    if isinstance(content, dict) and 'images' in content:
        return _from_coco(content, path)
    if isinstance(content, dict) and all(
        isinstance(record, dict) and 'pose_path' in record
        for record in content.values()
    ):
        root = os.path.dirname(path) if pose_root is None else pose_root
        return [_from_mapping(*item, path, root) for item in content.items()]
    raise PreflightError(
        f'{path} holds no poses: it is neither COCO keypoints ("images", '
        '"annotations") nor a mapping of HumanSD (records with "img_path", '
        '"prompt", "pose_path")'
    )


def _from_coco(content: dict, file: str) -> list[PoseRecord]:
    people = _people_by_image(content, file)
    records, seen = [], set()
    for index, image in enumerate(read_list(content, 'images', file)):
        name = f'images[{index}]'
        image_id = need(image, 'id', int, file, name)
        if image_id in seen:
            fail(file, name, f'has the id {image_id} of another image')
        seen.add(image_id)
        scenario = image.get('category') or ''
        prompt = image.get('description') or ''
        if not isinstance(scenario, str) or not isinstance(prompt, str):
            fail(file, name, 'has a description or category that is no text')
        records.append(
            PoseRecord(
                need(image, 'file_name', str, file, name),
                partial(stack_poses, people.pop(image_id, [])),
                _size_of(image, file, name),
                prompt,
                scenario.replace(' ', '_'),
            )
        )
    if people:
        fail(
            file,
            f'an annotation of image {next(iter(people))}',
            'is of an image that the file does not list',
        )
    return records


def _people_by_image(content: dict, file: str) -> dict[int, list]:
    people = {}
    for person in read_list(content, 'annotations', file):
        name = f'annotation {person.get("id")}'
        image_id = need(person, 'image_id', int, file, name)
        name = f'{name} of image {image_id}'
        poses = people.setdefault(image_id, [])
        if person.get('iscrowd'):
            continue
        pose = _pose(need(person, 'keypoints', list, file, name), file, name)
        # Not of NaN alone, which is to be counted.
        if (pose[:, 2] != 0).any():
            poses.append(pose)
    return people


def _pose(values: list, file: str, name: str) -> np.ndarray:
    """Check a pose, but keep what is not finite as NaN."""
    try:
        pose = np.asarray(values, np.float32).reshape(-1)
    except (TypeError, ValueError):
        fail(file, name, 'has keypoints that are not all numbers')
    if pose.size != NUM_JOINTS * 3:
        fail(file, name, f'has {pose.size} keypoint numbers, not 51')
    pose = pose.reshape(NUM_JOINTS, 3)
    finite = np.isfinite(pose).all(axis=1, keepdims=True)
    pose = check_pose(np.where(finite, pose, 0), file, name)
    return np.where(finite, pose, np.nan)


def _size_of(image: dict, file: str, name: str) -> tuple[int, int] | None:
    if image.get('height') is None or image.get('width') is None:
        return None
    size = tuple(
        need(image, key, int, file, name) for key in ('height', 'width')
    )
    if min(size) < 1:
        fail(file, name, f'has a size of {size[1]}x{size[0]} pixels')
    return size


def _from_mapping(
    index: str, record: dict, file: str, root: str
) -> PoseRecord:
    name = f'record {index}'
    img_path, prompt, pose_path = (
        need(record, key, str, file, name)
        for key in ('img_path', 'prompt', 'pose_path')
    )
    folder = PurePosixPath(img_path).parent.name
    head = prompt.partition(',')[0].strip().replace(' ', '_')
    return PoseRecord(
        img_path,
        partial(read_pose_npz, os.path.join(root, pose_path)),
        None,
        prompt,
        folder if folder and head == folder else '',
        os.path.join(root, img_path),
    )
