"""Images to make from lines of JSON (ours)."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.generation_flags import SETTINGS
from mmkbdm.datasets.generation.records import fail
from mmkbdm.evaluation.inputs.pose_file import PoseRecord

from .diffusers_generator import DiffusersGenerator
from .image_file import image_names
from .job import Job, unique
from .pose_forms import read_people
from .pose_source import choose, place

KEYS = {
    'prompt': str,
    'pose': (str, list),
    'pose_image': str,
    'pose_size': list,
    'name': str,
    'seed': int,
    'height': int,
    'width': int,
    **dict.fromkeys(SETTINGS, (str, int, float)),
}
LARGEST_SEED = 2**63 - 1


def read_jobs(
    path: str,
    base: Job,
    generator: DiffusersGenerator,
    read: Callable[[Path], list[PoseRecord]],
) -> list[Job]:
    """Read a file with an image a line; blank lines do not count.

    A line is a JSON object with

    - ``prompt``: text; it may be missing if the pose file has one;
    - ``pose``: file of poses or photo, relative to the file of lines; or a
      list of people of 17 joints each, x, y and a confidence;
    - ``pose_image``: which image of a pose file that has several;
    - ``pose_size``: [width, height] that the joints refer to;
    - ``name``: of the image, by default the number of the line;
    - ``seed``, ``height``, ``width``, and the settings of
      :class:`~mmkbdm.models.generators.sampling.Sampling`: in place of those
      of ``base``.

    Args:
        path (str): The file.
        base (Job): What a line does not say.
        generator (DiffusersGenerator): Says which settings and sizes it
            takes.
        read (Callable): Reads the poses of a file.

    Raises:
        PreflightError: Names the file, the line and what is wrong.
    """
    jobs, numbers = [], []
    read_once = cache(lambda file: _read(read, Path(file)))
    for number, line in _lines(path):
        where = f'line {number}'
        record = _parsed(line, path, where)
        try:
            jobs.append(_job(record, number, path, base, generator, read_once))
        except PreflightError as error:
            # Those of the line itself name it already.
            if str(error).startswith(f'{path}: {where}'):
                raise
            raise PreflightError(f'{path}: {where}: {error}') from error
        numbers.append(number)
    if not jobs:
        raise PreflightError(f'{path} has no line with an image to make')
    return unique(jobs, lambda i: f'{path}: line {numbers[i]}')


def _lines(path: str) -> list[tuple[int, str]]:
    try:
        text = Path(path).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise PreflightError(
            f'{path} cannot be read ({error}): give a file of JSON lines'
        ) from error
    # Not splitlines, which splits at characters that JSON may contain.
    lines = enumerate(text.split('\n'), 1)
    return [(number, line) for number, line in lines if line.strip()]


def _parsed(line: str, path: str, where: str) -> dict:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        fail(path, where, f'is no JSON ({error})')
    if not isinstance(record, dict):
        fail(path, where, f'is a {type(record).__name__}, no object')
    for key, value in record.items():
        if key not in KEYS:
            raise PreflightError(
                f'{path}: {where} has the key {key!r}: there are '
                f'{", ".join(KEYS)}'
            )
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            fail(path, where, f'has {value!r:.60} as {key}')
    return record


def _job(record: dict, number: int, path: str, base: Job, generator, read):
    where = f'line {number}'
    call = {key: record[key] for key in SETTINGS if key in record}
    call = {**base.call, **call}
    generator.merged(call)
    job = replace(
        base,
        name=_name(record.get('name', f'{number:05d}')),
        call=call,
        **{
            key: record[key]
            for key in ('seed', 'height', 'width')
            if key in record
        },
    )
    if not 0 <= job.seed <= LARGEST_SEED:
        fail(path, where, f'has the seed {job.seed}, not 0 to 2 ** 63 - 1')
    generator.check_size(job.height, job.width)
    poses = _pose(record, path, where, read)
    if poses is None and generator.condition_argument is not None:
        fail(path, where, 'has no key "pose", and the model needs one')
    prompt = record.get('prompt', poses.prompt if poses else '')
    if 'prompt' not in record and not prompt:
        fail(path, where, 'has no key "prompt", and its pose file has none')
    _check_text(prompt)
    if poses is None:
        return replace(job, prompt=prompt)
    size = record.get('pose_size')
    if size is not None:
        size = _size(size, path, where)
    file = record['pose']
    file = path if isinstance(file, list) else file
    placed = place(poses, job.height, job.width, file, size)
    return replace(job, prompt=prompt, poses=placed)


def _pose(record: dict, path: str, where: str, read) -> PoseRecord | None:
    pose = record.get('pose')
    if pose is None:
        return None
    if isinstance(pose, list):
        people = read_people(pose, path, where)
        return PoseRecord('', lambda: people)
    file = Path(path).parent / pose
    return choose(read(str(file)), record.get('pose_image'), file)


def _read(read, file: Path) -> list[PoseRecord]:
    return read(file)


def _name(name: str) -> str:
    [path] = image_names([name if name.endswith('.png') else f'{name}.png'])
    return path


def _size(value: list, path: str, where: str) -> tuple[int, int]:
    whole = [isinstance(one, int) and one > 0 for one in value]
    if len(value) != 2 or not all(whole):
        fail(path, where, f'has the pose_size {value}, not [width, height]')
    return value[1], value[0]


def _check_text(prompt: str) -> None:
    try:
        prompt.encode()
    except UnicodeEncodeError as error:
        raise PreflightError(
            f'its prompt has half a character at {error.start}'
        ) from error
