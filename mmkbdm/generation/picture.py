"""Condition and generated image side by side (ours)."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmkbdm.evaluation.functional.people_count import SCORE_THRESHOLD
from mmkbdm.evaluation.judges.base import JOINT_THRESHOLD
from mmkbdm.visualization import captioned, contact_sheet
from mmkbdm.visualization.pose_drawing import draw_pose, standard_line_width

LEAST_SIDE = 256


def side_by_side(sample: dict, image: np.ndarray, people: dict) -> np.ndarray:
    """Condition | image with the poses that were found in it.

    Args:
        sample (dict): With ``condition``, uint8 (3, H, W).
        image (np.ndarray): (H, W, 3) uint8 RGB.
        people (dict): Answer of a judge; people that PCE does not count and
            joints of a low score are not drawn.

    Returns:
        np.ndarray: uint8 RGB, two panels of the image's size, which is at
        least 256 pixels.
    """
    zoom = max(1, -(-LEAST_SIDE // min(image.shape[:2])))
    height, width = (zoom * side for side in image.shape[:2])
    condition, image = (
        cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC)
        for one in (sample['condition'].permute(1, 2, 0).numpy(), image)
    )
    sure = people['scores'] > SCORE_THRESHOLD
    points = (people['keypoints'][sure] + 0.5) * zoom - 0.5
    poses = np.concatenate(
        [points, people['keypoint_scores'][sure][..., None]], axis=-1
    )
    drawing = draw_pose(
        np.nan_to_num(poses, posinf=0, neginf=0),
        height,
        width,
        # Thinner than the condition, so that the image is still seen.
        line_width=max(2, standard_line_width(height, width) // 2),
        threshold=JOINT_THRESHOLD,
    )
    found = np.where(drawing.any(-1, keepdims=True), drawing, image)
    return np.concatenate([condition, found], axis=1)


def grid(pictures: Sequence[np.ndarray], columns: int = 4) -> np.ndarray:
    """Lay out pictures of :func:`side_by_side`, uint8 RGB."""
    captions = ('condition', 'generated, people found')
    pages = [captioned(one[..., ::-1], captions) for one in pictures]
    return np.ascontiguousarray(contact_sheet(pages, columns)[..., ::-1])
