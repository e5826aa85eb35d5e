"""Many pictures on one page (ours)."""

import math
from collections.abc import Sequence

import cv2
import numpy as np


def contact_sheet(
    pictures: Sequence[np.ndarray],
    columns: int,
    title: str = '',
    cell_height: int = 320,
) -> np.ndarray:
    """Lay pictures out in rows, scaled to one height.

    Args:
        pictures (Sequence[np.ndarray]): BGR pictures, uint8 (H, W, 3) of any
            size; at least one.
        columns (int): Pictures in a row.
        title (str): One line above the rows. Defaults to none.
        cell_height (int): Height of a row in pixels. Defaults to 320.

    Returns:
        np.ndarray: The page, uint8 (H, W, 3), white where there is nothing.

    Raises:
        ValueError: When there is no picture.
    """
    if not pictures:
        raise ValueError('a contact sheet needs at least one picture, got 0')
    gap, margin = 8, 36 if title else 8
    cells = [_scaled(picture, cell_height) for picture in pictures]
    cell_width = max(cell.shape[1] for cell in cells)
    columns = min(columns, len(cells))
    rows = math.ceil(len(cells) / columns)
    page = np.full(
        (
            margin + rows * (cell_height + gap),
            gap + columns * (cell_width + gap),
            3,
        ),
        255,
        np.uint8,
    )
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        top = margin + row * (cell_height + gap)
        left = gap + column * (cell_width + gap)
        left += (cell_width - cell.shape[1]) // 2
        page[top : top + cell_height, left : left + cell.shape[1]] = cell
    if title:
        font = cv2.FONT_HERSHEY_SIMPLEX
        needed = cv2.getTextSize(title, font, 0.7, 1)[0][0]
        scale = 0.7 * min(1, (page.shape[1] - 2 * gap) / needed)
        cv2.putText(
            page, title, (gap, 25), font, scale, (40, 40, 40), 1, cv2.LINE_AA
        )
    return page


def _scaled(picture: np.ndarray, height: int) -> np.ndarray:
    """Give a picture a height, keeping its aspect ratio."""
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    smaller = height < picture.shape[0]
    return cv2.resize(
        picture,
        (width, height),
        interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC,
    )
