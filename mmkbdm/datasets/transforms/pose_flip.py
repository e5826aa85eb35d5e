"""Mirroring that keeps left and right apart (ours)."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmkbdm.registry import TRANSFORMS

# The joint of the other side, COCO's order.
OTHER_SIDE = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)


@TRANSFORMS.register_module()
class RandomPoseFlip(BaseTransform):
    """Mirror image and poses, and swap the joints of the two sides.

    The published trainers mirror positions only, so that a left arm is drawn
    in the colours of a left one where the image shows a right one. Comes
    before the drawing. Adds ``flip`` (bool). Words such as "left" in a
    prompt stay as they are.

    Args:
        prob (float): How often; 0 to 1. Defaults to 0.5.
    """

    def __init__(self, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob={prob} must be from 0 to 1')
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Mirror ``img`` and ``poses``, or leave them."""
        results['flip'] = bool(np.random.random() < self.prob)
        if results['flip']:
            image = results['img']
            results['img'] = np.ascontiguousarray(image[:, ::-1])
            results['poses'] = flip_poses(results['poses'], image.shape[1])
        return results


def flip_poses(poses: np.ndarray, width: int) -> np.ndarray:
    """Mirror poses in an image of a width.

    Args:
        poses (np.ndarray): (P, 17, 3).
        width (int): Of the image, in pixels.

    Returns:
        np.ndarray: (P, 17, 3); invisible joints stay at 0, 0.
    """
    flipped = poses[:, OTHER_SIDE].copy()
    flipped[..., 0] = width - 1 - flipped[..., 0]
    return np.where(flipped[..., 2:] > 0, flipped, 0)
