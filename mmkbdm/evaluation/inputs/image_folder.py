"""The image files of a folder (ours)."""

import os
from pathlib import Path

from mmkbdm.apis.errors import PreflightError

# Whatever is meant to be an image is counted; what cannot be read of it is
# told later.
SUFFIXES = (
    '.png', '.jpg', '.jpeg', '.jpe', '.jfif', '.webp', '.bmp', '.tif',
    '.tiff', '.gif', '.ppm', '.pgm', '.pnm', '.tga', '.jp2', '.avif',
    '.heic', '.heif',
)  # fmt: skip


def list_images(folder: str) -> list[str]:
    """Return the image files below a folder, hidden ones left out.

    Linked folders are followed, each place once.

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
    found, seen = [], set()
    for where, folders, files in os.walk(folder, followlinks=True):
        # A link may lead back to a folder above it.
        place = os.path.realpath(where)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        folders[:] = [name for name in folders if not name.startswith('.')]
        found += [
            Path(where, name).relative_to(folder).as_posix()
            for name in files
            if not name.startswith('.') and is_image(name)
        ]
    if not found:
        raise PreflightError(
            f'{folder} holds no image: it needs files that end in '
            f'{", ".join(SUFFIXES[:4])} or the like'
        )
    return sorted(found)


def is_image(name: str) -> bool:
    """Tell by its ending whether a file is an image."""
    return name.lower().endswith(SUFFIXES)
