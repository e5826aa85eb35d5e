"""Errors that a user can mend, and how a tool shows them (ours)."""

import functools
import sys
from collections.abc import Callable
from urllib.error import URLError

from mmkbdm.utils.errors import NotFiniteError, UnreadableImageError

# Runs without any download.
TOY_CONFIG = 'configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py'


class PreflightError(ValueError):
    """Something that a run needs is missing or wrong; one line, with fix."""


def command_line(main: Callable[[], None]) -> Callable[[], None]:
    """Let a tool's ``main`` answer a user's mistake in one line.

    A missing file, a foreign checkpoint or an unreadable image is printed as
    ``error: ...`` and ends the process with status 2. Any other exception is
    a defect of the program and keeps its traceback.

    Args:
        main (Callable): Takes no argument.
    """

    @functools.wraps(main)
    def wrapper() -> None:
        from mmkbdm import compat

        compat.activate()
        try:
            main()
        except Exception as error:
            message = user_message(error)
            if message is None:
                raise
            print(f'error: {message}', file=sys.stderr)
            sys.exit(2)

    return wrapper


def user_message(error: Exception) -> str | None:
    """Return the one line for a user's mistake, None for a defect.

    Args:
        error (Exception): Raised by a tool. An error of a data loader's
            process carries that process's traceback as its message; the
            reason stands at its end.
    """
    from mmkbdm.compat.checkpoint import CheckpointError
    from mmkbdm.engine.checkpoint_match import CheckpointMismatchError

    if isinstance(error, URLError):
        return _one_line(
            f'a file could not be downloaded ({error.reason}); the line '
            'above that begins with "Loads checkpoint" names it: fetch it '
            'where there is a network, or do without it by --cfg-options '
            'that set its init_cfg or load_from to None'
        )
    ours = (
        PreflightError,
        CheckpointError,
        CheckpointMismatchError,
        NotFiniteError,
        UnreadableImageError,
    )
    if isinstance(error, ours):
        message = str(error)
        if 'Original Traceback' in message:
            message = message.rpartition(f'{type(error).__name__}: ')[2]
        return _one_line(message)
    return None


def _one_line(message: str) -> str:
    return ' '.join(message.split())
