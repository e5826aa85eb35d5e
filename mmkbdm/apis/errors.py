"""Errors that a user can mend, and how a tool shows them (ours)."""

import functools
import sys
from collections.abc import Callable
from urllib.error import URLError


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
            process carries that process's traceback as its message; its last
            line is the reason.
    """
    from mmkbdm.compat.checkpoint import CheckpointError
    from mmkbdm.datasets.transforms import UnreadableImageError
    from mmkbdm.engine.checkpoint_match import CheckpointMismatchError

    if isinstance(error, URLError):
        return (
            f'a file could not be downloaded ({error.reason}); the line '
            'above names it: fetch it where there is a network, or set the '
            'init_cfg that names it to None with --cfg-options'
        )
    ours = (
        PreflightError,
        CheckpointError,
        CheckpointMismatchError,
        UnreadableImageError,
    )
    if isinstance(error, ours):
        last_line = str(error).strip().splitlines()[-1]
        return last_line.split(f'{type(error).__name__}: ')[-1]
    return None
