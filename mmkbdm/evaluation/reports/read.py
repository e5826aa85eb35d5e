"""Reports read back from their folders (ours)."""

import csv
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from mmkbdm.apis.errors import PreflightError

from ..judged import JudgedImage, load_poses
from .files import IMAGES, METRICS, POSES

# Columns of per_image.csv that hold words or what the poses tell as well.
TEXT = ('name', 'status', 'reason', 'scenario', 'prompt')
OF_POSES = (
    'people', 'detections', 'people_count_error', 'oks', 'height', 'width',
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """A report as it was written.

    Args:
        folder (str): Where it lies.
        content (dict): Of ``metrics.json``.
        images (dict[str, JudgedImage]): Those scored, by name.
        columns (dict[str, dict[str, float]]): Further scores of images:
            value by name of the image, by name of the column; images without
            a value are left out.
    """

    folder: str
    content: dict
    images: dict[str, JudgedImage]
    columns: dict[str, dict[str, float]]


def read_report(folder: str | Path) -> Report:
    """Read a report.

    Args:
        folder (str | Path): Where ``write_report`` has written.

    Raises:
        PreflightError: There is no report, or one of its files is missing
            or damaged.
    """
    folder = Path(folder)
    if not (folder / METRICS).is_file():
        raise PreflightError(
            f'{folder} holds no report: it has no {METRICS}; name a folder '
            'that an evaluation has written'
        )
    content = _open(folder / METRICS, _read_json)
    images = _open(folder / POSES, load_poses)
    columns = _open(folder / IMAGES, _read_columns)
    by_name = {image.name: image for image in images}
    scored = content['counts']['images_scored']
    if len(by_name) != scored:
        raise PreflightError(
            f'{folder}: {POSES} has {len(by_name)} images and {METRICS} '
            f'{scored}; they are of two evaluations, write the report again'
        )
    return Report(str(folder), content, by_name, columns)


def _open(path: Path, read):
    try:
        return read(path)
    except FileNotFoundError:
        reason = 'is missing'
    # What a file that was cut off or edited makes of the readers.
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
        csv.Error,
    ) as error:
        reason = f'is damaged ({error})'
    raise PreflightError(f'{path} {reason}: write the report again')


def _read_json(path: Path) -> dict:
    content = json.loads(path.read_text(encoding='utf-8'))
    for key in ('metrics', 'judge', 'protocol', 'counts'):
        if not isinstance(content[key], dict):
            raise ValueError(f'{key} is not an object')
    for name, value in content['metrics'].items():
        # To Python, True is a number.
        number = isinstance(value, (int, float)) and value is not True
        if value is not None and not number:
            raise ValueError(f'{name} is {value!r}')
    int(content['counts']['images_scored'])
    return content


def _read_columns(path: Path) -> dict[str, dict[str, float]]:
    with open(path, newline='', encoding='utf-8') as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames or ()
        if 'name' not in names:
            raise ValueError('no column name')
        rows = list(reader)
    return {
        column: {
            row['name']: float(row[column]) for row in rows if row[column]
        }
        for column in names
        if column not in TEXT + OF_POSES
    }
