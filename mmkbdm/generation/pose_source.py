"""Poses to generate for, from whatever holds some (ours)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.generation.pose_npz import read_pose_npz
from mmkbdm.datasets.generation.records import read_json
from mmkbdm.evaluation.functional.people_count import SCORE_THRESHOLD
from mmkbdm.evaluation.inputs.fit import fit_poses
from mmkbdm.evaluation.inputs.pose_file import PoseRecord, read_pose_file
from mmkbdm.evaluation.inputs.read_image import read_image
from mmkbdm.evaluation.judges.base import Judge

from .pose_forms import read_forms, sure


def read_poses(
    path: str | Path, judge: Callable[[], Judge]
) -> list[PoseRecord]:
    """Read the poses of one image or of several.

    Args:
        path (str | Path): A JSON file, see
            :func:`~mmkbdm.evaluation.inputs.pose_file.read_pose_file` and
            ``pose_forms.py``; an ``.npz`` of HumanSD; else a photo.
        judge (Callable): Returns what finds the people of a photo; not
            called for anything else.

    Raises:
        PreflightError: Names the file, the record and what is wrong.
        UnreadableImageError: A photo cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise PreflightError(
            f'{path} does not exist: give a JSON file of poses, or a photo'
        )
    if path.suffix == '.npz':
        return [_record('', read_pose_npz(str(path)))]
    if path.suffix != '.json':
        return [_from_photo(path, judge)]
    content = read_json(str(path))
    if isinstance(content, dict) and 'instance_info' not in content:
        records = read_pose_file(str(path))
    else:
        forms = read_forms(content, str(path))
        records = [_record(*one) for one in forms.items()]
    if not records:
        raise PreflightError(f'{path} holds no images: give another file')
    return records


def choose(records: list[PoseRecord], name: str | None, file) -> PoseRecord:
    """Return the record of an image, by name where there are several.

    Raises:
        PreflightError: There is none of the name, or several and no name.
    """
    names = [record.name for record in records]
    if name is not None:
        if name not in names:
            raise PreflightError(
                f'{file} has no poses of {name!r}: it has {_few(names)}'
            )
        return records[names.index(name)]
    if len(records) != 1:
        raise PreflightError(
            f'{file} has poses of {len(records)} images: choose one by '
            f'pose_image, such as {_few(names)}'
        )
    return records[0]


def place(
    record: PoseRecord,
    height: int,
    width: int,
    file,
    size: tuple[int, int] | None = None,
) -> np.ndarray:
    """Return the poses in pixels of the image to make.

    The largest centred box of the original is scaled to the image, as in
    training.

    Args:
        record (PoseRecord): Read.
        height (int): Of the image, in pixels.
        width (int): Of the image, in pixels.
        file (str | Path): For messages.
        size (tuple[int, int], optional): Height and width that the poses
            refer to, in place of what the file says; without either they
            are pixels of the image to make.

    Returns:
        np.ndarray: (P, 17, 3) float32; people of whom nothing is inside are
        left out.

    Raises:
        PreflightError: A joint is not finite, or nobody is inside.
    """
    poses = record.load_poses()
    finite = np.isfinite(poses).all(-1)
    if not finite.all():
        person, joint = np.argwhere(~finite)[0]
        raise PreflightError(
            f'{file}: joint {joint} of person {person} is not finite: mend '
            'it, or give it a visibility of 0'
        )
    known = size or record.annotated_size
    placed = fit_poses(poses, known, (height, width)).astype(np.float32)
    inside = (placed[..., 2] > 0).any(-1)
    if len(poses) and not inside.any():
        raise PreflightError(
            f'{file} has no joint inside of {width}x{height} pixels: give '
            'the size of the picture that its joints refer to as pose_size'
        )
    return placed[inside]


def _record(name: str, poses: np.ndarray) -> PoseRecord:
    return PoseRecord(name, lambda: poses)


def _from_photo(path: Path, judge: Callable[[], Judge]) -> PoseRecord:
    # Before the judge, whose weights may have to be fetched.
    image = read_image(str(path), upright=True)
    [people] = judge().judge([image])
    seen = people['scores'] > SCORE_THRESHOLD
    poses = sure(people['keypoints'][seen], people['keypoint_scores'][seen])
    poses = poses[(poses[..., 2] > 0).any(-1)]
    if not len(poses):
        raise PreflightError(
            f'{path}: the judge finds nobody in this photo: give another, '
            'or another --judge'
        )
    return PoseRecord(path.name, lambda: poses, image.shape[:2])


def _few(names: list[str]) -> str:
    shown = ', '.join(map(repr, names[:3]))
    return shown + (', ...' if len(names) > 3 else '')
