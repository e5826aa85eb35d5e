"""Pages as numbered files, and a sheet of them (ours)."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from .contact_sheet import contact_sheet
from .figure import Page


def save_pages(
    pages: Iterator[tuple[str, Page | str]], folder: Path
) -> Iterator[str]:
    """Write pages as PNG files, and a contact sheet of all.

    Args:
        pages (Iterator[tuple[str, Page | str]]): Pages by name, in order;
            at least one. A text is a note and passed on.
        folder (Path): Made when missing; pages of the same names are
            replaced.

    Yields:
        str: The path of each page once it is written, or a note.
    """
    written: list[Path] = []
    for name, page in pages:
        if isinstance(page, str):
            yield page
            continue
        written.append(page.save(folder / f'{len(written):02d}_{name}.png'))
        yield str(written[-1])
    sheet = folder / 'contact_sheet.png'
    pictures = [_boxed(cv2.imread(str(path))) for path in written]
    cv2.imwrite(str(sheet), contact_sheet(pictures, 3, cell_height=480))
    yield str(sheet)


def _boxed(picture: np.ndarray, aspect: float = 1.6) -> np.ndarray:
    """Fill a picture up with white to an aspect ratio of width to height."""
    height, width = picture.shape[:2]
    down = max(0, round(width / aspect) - height)
    right = max(0, round(height * aspect) - width)
    return cv2.copyMakeBorder(
        picture, 0, down, 0, right, cv2.BORDER_CONSTANT, value=(255,) * 3
    )
