"""Settings of a folder of generated images (ours)."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.output import write_file

FILE = 'settings.json'
# A pipeline that was moved is the same as long as its parameters are.
NOT_COMPARED = ('pretrained',)


def claim_folder(
    folder: str | Path, settings: dict, overwrite: bool = False
) -> None:
    """Write ``settings.json``, or make sure that what is there is the same.

    Args:
        folder (str | Path): Made when missing.
        settings (dict): Of the generator, and the seed; ready for JSON.
        overwrite (bool): Replace other settings. Defaults to False.

    Raises:
        PreflightError: The folder has other settings; one line with the
            first difference.
    """
    path = Path(folder, FILE)
    settings = json.loads(json.dumps(settings))
    if path.is_file() and not overwrite:
        _compare(path, settings)
        return
    text = json.dumps(settings, indent=2) + '\n'
    write_file(text.encode(), path)


def settings_digest(settings: dict) -> str:
    """Return a digest of what is compared of settings."""
    text = json.dumps(sorted(_flat(json.loads(json.dumps(settings)))))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _compare(path: Path, settings: dict) -> None:
    try:
        there = dict(_flat(json.loads(path.read_text())))
    except (ValueError, AttributeError) as error:
        raise PreflightError(
            f'{path} is damaged ({error}): give --overwrite, or another --out'
        ) from error
    now = dict(_flat(settings))
    for key in sorted({*there, *now}):
        if there.get(key) != now.get(key):
            raise PreflightError(
                f'{path.parent} has images of other settings: {key} was '
                f'{there.get(key)!r} and is {now.get(key)!r}; give '
                '--overwrite, or another --out'
            )


def _flat(settings: dict, prefix: str = '') -> Iterator[tuple]:
    """Yield names like ``call.steps`` with their values."""
    for key, value in settings.items():
        if key in NOT_COMPARED:
            continue
        if isinstance(value, dict):
            yield from _flat(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}', value
