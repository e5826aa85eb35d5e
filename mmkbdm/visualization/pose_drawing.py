"""The drawing of poses that conditions a generator.

Source: the field's standard since HumanSD (arXiv 2304.04269), at 512x512;
other sizes scale the line (ours).
"""

import colorsys

import cv2
import numpy as np

# Pairs of COCO joints. Limbs 2 i and 2 i + 1 are those of the two sides.
LIMBS = (
    (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7), (6, 8), (7, 9),
    (8, 10), (5, 11), (6, 12), (11, 13), (12, 14), (13, 15), (14, 16),
)  # fmt: skip

STANDARD_SIDE = 512
STANDARD_RADIUS = 5
THRESHOLD = 0.02


def limb_colours() -> np.ndarray:
    """Return the colour of every limb, RGB uint8 (16, 3).

    Evenly spaced hues from .01 on, lightness .6, saturation .65.
    """
    colours = [
        colorsys.hls_to_rgb((i / len(LIMBS) + 0.01) % 1, 0.6, 0.65)
        for i in range(len(LIMBS))
    ]
    return (255 * np.array(colours)).astype(np.uint8)


_COLOURS = limb_colours().tolist()


def standard_line_width(height: int, width: int) -> int:
    """Return the line width for an image: 10 at 512x512, at least 1.

    OpenCV fills 11 pixels across a line of width 10, and 2 r + 1 across one
    of width 2 r: that is what scales with the image.
    """
    across = (2 * STANDARD_RADIUS + 1) * min(height, width) / STANDARD_SIDE
    return max(1, 2 * round((across - 1) / 2))


def draw_pose(
    poses: np.ndarray,
    height: int,
    width: int,
    line_width: int | None = None,
    threshold: float = THRESHOLD,
) -> np.ndarray:
    """Draw people as coloured limbs on black.

    Every limb is a line and a circle at either end, all in the colour of the
    limb; people and limbs are drawn in order, so later ones cover earlier
    ones. A limb is drawn if both its joints are: a joint alone leaves no
    mark. Positions are rounded to the nearest pixel; the published code
    cuts the fraction off, which moves its drawings by up to a pixel.

    Args:
        poses (np.ndarray): (P, 17, 3): x, y in pixels, the centre of the
            first pixel at 0, and a confidence or COCO's visibility. P may
            be 0.
        height (int): Of the drawing, in pixels.
        width (int): Of the drawing, in pixels.
        line_width (int, optional): OpenCV's; the circles have half of it as
            radius. Defaults to :func:`standard_line_width`.
        threshold (float): Joints of at most this confidence are not drawn,
            and neither are those outside the image. Defaults to 0.02.

    Returns:
        np.ndarray: RGB, uint8 (height, width, 3).

    Raises:
        ValueError: On poses of another shape or numbers that are not finite.
    """
    poses = np.asarray(poses, dtype=np.float64)
    if poses.ndim != 3 or poses.shape[1:] != (17, 3):
        raise ValueError(f'poses have shape {poses.shape}, not (P, 17, 3)')
    if not np.isfinite(poses).all():
        person, joint = np.argwhere(~np.isfinite(poses).all(axis=2))[0]
        raise ValueError(
            f'joint {joint} of person {person} is not finite: '
            f'{poses[person, joint]}'
        )
    if line_width is None:
        line_width = standard_line_width(height, width)
    drawing = np.zeros((height, width, 3), np.uint8)
    drawn = drawable(poses, height, width, threshold)
    # Joints outside may lie further away than an int32 reaches.
    points = np.where(drawn[..., None], poses[..., :2], 0)
    points = np.rint(points).astype(int).tolist()
    for joints, there in zip(points, drawn):
        for (a, b), colour in zip(LIMBS, _COLOURS):
            if there[a] and there[b]:
                cv2.line(drawing, joints[a], joints[b], colour, line_width)
                for end in (a, b):
                    cv2.circle(
                        drawing, joints[end], line_width // 2, colour, -1
                    )
    return drawing


def drawable(
    poses: np.ndarray, height: int, width: int, threshold: float = THRESHOLD
) -> np.ndarray:
    """Tell which joints are sure enough and inside an image.

    Args:
        poses (np.ndarray): (..., 3): x, y, confidence.
        height (int): Of the image, in pixels.
        width (int): Of the image, in pixels.
        threshold (float): Confidence that is not enough. Defaults to 0.02.

    Returns:
        np.ndarray: bool (...). A pixel reaches half a pixel around its
        centre, so x is inside from -0.5 to below width - 0.5.
    """
    x, y, confidence = np.moveaxis(np.asarray(poses), -1, 0)
    return (
        (confidence > threshold)
        & (x >= -0.5)
        & (x < width - 0.5)
        & (y >= -0.5)
        & (y < height - 0.5)
    )
