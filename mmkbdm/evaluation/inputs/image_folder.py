"""The image files of a folder (ours)."""

import os
from pathlib import Path

from mmkbdm.apis.errors import PreflightError

SUFFIXES = ('.png', '.jpg', '.jpeg', '.webp', '.bmp')


def list_images(folder: str) -> list[str]:
    """Return the image files below a folder, hidden ones left out.

    Args:
        folder (str): Searched with all its folders.

    Returns:
        list[str]: Paths relative to the folder, with slashes, sorted.

    Raises:
        PreflightError: There is no such folder, or no image in it.
    """
    if not os.path.isdir(folder):
        raise PreflightError(
            f'{folder} is not a folder: name one that holds images'
        )
    found = []
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith('.')]
        found += [
            Path(where, name).relative_to(folder).as_posix()
            for name in files
            if not name.startswith('.') and is_image(name)
        ]
    if not found:
        raise PreflightError(
            f'{folder} holds no image: it needs files that end in '
            f'{", ".join(SUFFIXES)}'
        )
    return sorted(found)


def is_image(name: str) -> bool:
    """Tell by its ending whether a file is an image."""
    return name.lower().endswith(SUFFIXES)
