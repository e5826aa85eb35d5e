"""Image files as the judges take them (ours)."""

import numpy as np
from PIL import Image, ImageOps

from mmkbdm.utils.errors import UnreadableImageError

# Of 16 bit; 257 times that of 8.
LARGEST = 65535


def read_image(path: str, upright: bool = False) -> np.ndarray:
    """Read an image, uint8 RGB (H, W, 3), of several frames the first.

    Grey levels of 16 bit are scaled to 8.

    Args:
        path (str): The file.
        upright (bool): Turn the image as its camera noted (EXIF). Defaults
            to False, because annotations refer to the pixels of the file.

    Raises:
        UnreadableImageError: The file is missing, does not decode, or has
            numbers that are no levels of 8 or 16 bit.
    """
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file) if upright else file
            if image.mode.startswith(('I', 'F')):
                return _from_numbers(np.asarray(image))
            return np.asarray(image.convert('RGB'))
    # Damaged files raise errors of many classes, each format its own.
    except Exception as error:
        reason = str(error) if isinstance(error, _LevelsError) else ''
        raise UnreadableImageError(
            f'{path} cannot be read ({reason or type(error).__name__}): '
            'replace it'
        ) from error


def image_size(path: str) -> tuple[int, int] | None:
    """Return height and width from the head of a file, None without one."""
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except Exception:
        return None


class _LevelsError(ValueError):
    """Numbers that are no grey levels of 8 or 16 bit."""


def _from_numbers(levels: np.ndarray) -> np.ndarray:
    """Scale levels (H, W) of 16 bit, which PIL would cut off at 255."""
    whole = np.issubdtype(levels.dtype, np.integer)
    if not whole or levels.min() < 0 or levels.max() > LARGEST:
        raise _LevelsError('it is not of 8 or 16 bit')
    grey = np.rint(levels / (LARGEST / 255)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)
