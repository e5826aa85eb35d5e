"""Image files as the judges take them (ours)."""

import numpy as np
from PIL import Image

from mmkbdm.utils.errors import UnreadableImageError


def read_image(path: str) -> np.ndarray:
    """Read an image, uint8 RGB (H, W, 3).

    The pixels are those of the file: a camera's note on how to turn them is
    not followed, because annotations refer to the pixels.

    Raises:
        UnreadableImageError: The file is missing or does not decode.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert('RGB'))
    # Damaged files raise errors of many classes, each format its own.
    except Exception as error:
        raise UnreadableImageError(
            f'{path} cannot be read ({type(error).__name__}): replace it'
        ) from error
