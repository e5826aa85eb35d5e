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
    """
    gap, margin = 8, 36 if title else 8
    cells = [
        cv2.resize(
            picture,
            (
                round(picture.shape[1] * cell_height / picture.shape[0]),
                cell_height,
            ),
            interpolation=cv2.INTER_AREA,
        )
        for picture in pictures
    ]
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
        page[top : top + cell_height, left : left + cell.shape[1]] = cell
    if title:
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(
            page, title, (gap, 25), font, 0.7, (40, 40, 40), 1, cv2.LINE_AA
        )
    return page
