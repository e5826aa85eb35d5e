"""Generated images as files that say what they are (ours)."""

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.output import write_file


def image_names(file_names: Sequence[str]) -> list[str]:
    """Return the names of generated images: those of the real ones, as PNG.

    Args:
        file_names (Sequence[str]): As annotated.

    Raises:
        PreflightError: A name leads out of the folder, or two are the same.
    """
    names = []
    for file_name in file_names:
        path = PurePosixPath(file_name.replace('\\', '/'))
        if path.is_absolute() or '..' in path.parts or not path.name:
            raise PreflightError(
                f'the annotated file name {file_name!r} leads out of the '
                'folder of images: name it relative to its data_prefix'
            )
        names.append(str(path.with_suffix('.png')))
    [(name, count)] = Counter(names).most_common(1) or [('', 1)]
    if count > 1:
        raise PreflightError(
            f'{count} images of the dataset would be written to {name}: '
            'their file names must differ in more than the ending'
        )
    return names


def write_image(path: str | Path, image: np.ndarray, record: dict) -> None:
    """Write a PNG with texts in it; it is either whole or not there.

    Args:
        path (str | Path): The file; its folder is made when missing.
        image (np.ndarray): (H, W, 3) uint8 RGB.
        record (dict): Texts by name.
    """
    info = PngInfo()
    for key, value in record.items():
        info.add_text(key, str(value))
    data = io.BytesIO()
    Image.fromarray(image).save(data, 'png', pnginfo=info)
    write_file(data.getvalue(), path)


def read_record(path: str | Path) -> dict | None:
    """Return the texts of a PNG, or None where there is no readable one."""
    try:
        with Image.open(path) as image:
            return dict(getattr(image, 'text', {}))
    except (OSError, SyntaxError):
        # The latter is what Pillow calls a damaged chunk.
        return None
