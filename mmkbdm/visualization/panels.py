"""Pictures that a person can read whatever their pixels (ours)."""

from collections.abc import Sequence

import cv2
import numpy as np

LEAST_SIDE = 480


def enlarge(
    image: np.ndarray, min_side: int = LEAST_SIDE
) -> tuple[np.ndarray, int]:
    """Enlarge a small image by a whole number.

    Args:
        image (np.ndarray): uint8 (H, W, 3).
        min_side (int): Sides to reach at least, up to half a step of the
            zoom. Defaults to 480.

    Returns:
        tuple[np.ndarray, int]: The image, and the zoom for
        :func:`zoom_points`; large images come back as they are, with 1.
    """
    zoom = max(1, round(min_side / min(image.shape[:2])))
    if zoom == 1:
        return image, 1
    size = (image.shape[1] * zoom, image.shape[0] * zoom)
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), zoom


def zoom_points(points: np.ndarray, zoom: int) -> np.ndarray:
    """Move pixel positions (..., 2) along with :func:`enlarge`."""
    return (points + 0.5) * zoom - 0.5


def fit_pen(visualizer, image: np.ndarray) -> None:
    """Set line width and radius of a PoseLocalVisualizer to an image.

    Args:
        visualizer (PoseLocalVisualizer): Keeps both until the next call.
        image (np.ndarray): What will be drawn on, (H, W, 3).
    """
    side = min(image.shape[:2])
    visualizer.line_width = max(1, round(side / 200))
    visualizer.radius = max(2, round(side / 85))


def labelled(keypoints: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Visibility without the points that nobody annotated.

    COCO writes such a point as 0, 0; MMPose gives boxes of a detector 17 of
    them, all visible.

    Args:
        keypoints (np.ndarray): Positions in the original image, (N, K, 2).
        visible (np.ndarray): (N, K), or (N, K, 2) with weights.

    Returns:
        np.ndarray: (N, K), 0 where there is no point.
    """
    visible = visible[..., 0] if visible.ndim == 3 else visible
    return visible * keypoints.any(axis=-1)


def captioned(picture: np.ndarray, captions: Sequence[str]) -> np.ndarray:
    """Put a caption above each of the panels that a picture consists of.

    Args:
        picture (np.ndarray): BGR, uint8 (H, W, 3): panels of one width side
            by side.
        captions (Sequence[str]): One for each panel.

    Returns:
        np.ndarray: uint8 (H + caption, W, 3).
    """
    width = picture.shape[1] // len(captions)
    font = cv2.FONT_HERSHEY_SIMPLEX
    height = max(18, round(min(picture.shape[0], width) / 11))
    strip = np.full((height, picture.shape[1], 3), 255, np.uint8)
    for index, caption in enumerate(captions):
        scale = height / 42
        needed = cv2.getTextSize(caption, font, scale, 1)[0][0]
        scale *= min(1, 0.92 * width / max(1, needed))
        text = cv2.getTextSize(caption, font, scale, 1)[0]
        left = index * width + (width - text[0]) // 2
        cv2.putText(
            strip,
            caption,
            (left, round(0.7 * height)),
            font,
            scale,
            (40, 40, 40),
            max(1, round(height / 22)),
            cv2.LINE_AA,
        )
    return np.concatenate([strip, picture])
