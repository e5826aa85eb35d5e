"""Where a tool writes, tried before its work and named if it fails (ours)."""

import tempfile
from pathlib import Path

from mmkbdm.apis.errors import PreflightError


def check_writable(folder: str | Path, flag: str = '--out') -> None:
    """Make sure that files can be written to a folder; leaves no trace.

    Args:
        folder (str | Path): If it does not exist yet, that it can be made.
        flag (str): What names it, for the message. Defaults to '--out'.

    Raises:
        PreflightError: It cannot.
    """
    there = Path(folder)
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise PreflightError(
            f'{folder} cannot be written to ({there}: {error.strerror}): '
            f'give another {flag}'
        ) from error


def write_file(content: bytes, path: str | Path) -> None:
    """Write a file that is either whole or not there, with its folder.

    Raises:
        PreflightError: It cannot be written, say because the disk is full;
            what was there before still is.
    """
    from mmkbdm.engine.atomic_backend import AtomicLocalBackend

    try:
        AtomicLocalBackend().put(content, path)
    except OSError as error:
        raise PreflightError(
            f'{path} cannot be written ({error.strerror}): make room or give '
            'another --out'
        ) from error
