"""Poses and real images brought to the size of the generated ones (ours).

Resize and centre crop, the deterministic crop of
:class:`mmkbdm.datasets.transforms.ResizeCenterCrop`.
"""

import cv2
import numpy as np

from mmkbdm.datasets.transforms.pose_crop import largest_box, move_poses
from mmkbdm.visualization.pose_drawing import drawable


def fit_poses(
    poses: np.ndarray,
    annotated_size: tuple[int, int] | None,
    size: tuple[int, int],
) -> np.ndarray:
    """Move poses from the annotated size to that of an image.

    Joints that the drawing of the condition does not show, outside the image
    or of too low a confidence, were not asked for and become invisible.

    Args:
        poses (np.ndarray): (P, 17, 3) x, y in pixels and visibility.
        annotated_size (tuple[int, int], optional): Height and width that
            they refer to; None if that is not known.
        size (tuple[int, int]): Height and width of the image in pixels.

    Returns:
        np.ndarray: (P, 17, 3) in pixels of the image; joints that are not
        drawn are 0, 0, 0, and those that are not finite are NaN, so that
        they can be counted.
    """
    finite = np.isfinite(poses).all(-1, keepdims=True)
    if annotated_size is not None and tuple(annotated_size) != tuple(size):
        box = _centre_box(annotated_size, size)
        poses = move_poses(poses, box, (size[1], size[0]))
    drawn = drawable(poses, *size)[..., None]
    return np.where(finite, np.where(drawn, poses, 0), np.nan)


def fit_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cut and resize an image as :func:`fit_poses` does its poses.

    Args:
        image (np.ndarray): (H, W, 3) uint8.
        size (tuple[int, int]): Height and width in pixels.

    Returns:
        np.ndarray: (*size, 3) uint8.
    """
    if image.shape[:2] == tuple(size):
        return image
    x, y, width, height = _centre_box(image.shape[:2], size)
    shrinks = width > size[1]
    return cv2.resize(
        image[y : y + height, x : x + width],
        (size[1], size[0]),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC,
    )


def _centre_box(
    outer: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return x, y, width, height of the largest centred box in ``outer``."""
    height, width = outer
    box_width, box_height = largest_box(width, height, (size[1], size[0]))
    return (
        (width - box_width) // 2,
        (height - box_height) // 2,
        box_width,
        box_height,
    )
