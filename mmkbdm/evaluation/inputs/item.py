"""An image with the poses that it was to show (ours)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ImageItem:
    """An image that has an annotation, before a judge has seen it.

    Args:
        name (str): Path within the folder of images.
        path (str): The file.
        poses (np.ndarray): (P, 17, 3) x, y in pixels of the annotated size,
            and visibility; a joint that is not finite counts as not visible.
        annotated_size (tuple[int, int], optional): Height and width that the
            poses refer to; None, if nobody knows, takes them for those of
            the image.
        prompt (str): Empty where there is none.
        scenario (str): Empty where there is none.
        reference (str): File of the real image, or empty.
        size (tuple[int, int], optional): Height and width that the image is
            brought to before it is judged, as the poses are. Defaults to
            None, which leaves it as it is.
    """

    name: str
    path: str
    poses: np.ndarray
    annotated_size: tuple[int, int] | None = None
    prompt: str = ''
    scenario: str = ''
    reference: str = ''
    size: tuple[int, int] | None = None
