"""Crops of an image together with the poses in it (ours)."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmkbdm.apis.errors import PreflightError
from mmkbdm.registry import TRANSFORMS
from mmkbdm.visualization.pose_drawing import drawable

from .pose_check import check_poses


class PoseCrop(BaseTransform):
    """Cut a box out of an image, bring it to a size, move the poses along.

    Needs ``img`` and ``poses``, and where ``height`` and ``width`` are
    annotated, the image has to have that size. Joints outside the box become
    invisible (0, 0, 0); people without a visible joint are left out of
    ``poses`` and counted in ``num_people_outside``. Adds ``crop``: x, y,
    width and height of the box in pixels of the original, int64 (4,).

    Args:
        size (int | tuple[int, int]): Side, or width and height, of the
            result in pixels.
    """

    def __init__(self, size: int | tuple[int, int]) -> None:
        self.size = (size, size) if isinstance(size, int) else tuple(size)

    def choose(self, results: dict) -> tuple[int, int, int, int]:
        """Return x, y, width and height of the box, in pixels."""
        raise NotImplementedError

    def transform(self, results: dict) -> dict:
        """Crop ``img`` and ``poses``."""
        _check_size(results)
        check_poses(results)
        box = self.choose(results)
        x, y, width, height = box
        image = results['img'][y : y + height, x : x + width]
        shrinks = width > self.size[0]
        results['img'] = cv2.resize(
            image,
            self.size,
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC,
        )
        poses = move_poses(results['poses'], box, self.size)
        seen = (poses[..., 2] > 0).any(axis=1)
        results['poses'] = poses[seen]
        results['num_people_outside'] = int((~seen).sum())
        results['img_shape'] = self.size[::-1]
        results['crop'] = np.array(box, np.int64)
        return results


@TRANSFORMS.register_module()
class ResizeCenterCrop(PoseCrop):
    """The largest centred box of the wanted shape, for evaluation.

    The same for every run, unlike the random crop of the published
    evaluators. Arguments are those of :class:`PoseCrop`.
    """

    def choose(self, results: dict) -> tuple[int, int, int, int]:
        """Return the centred box."""
        height, width = results['img'].shape[:2]
        box_width, box_height = largest_box(width, height, self.size)
        return (
            (width - box_width) // 2,
            (height - box_height) // 2,
            box_width,
            box_height,
        )


@TRANSFORMS.register_module()
class RandomPoseCrop(PoseCrop):
    """A random box of the wanted shape, for training.

    Where the image shows people, the box is drawn uniformly among those
    around one of their joints, so no sample loses everybody, as happens
    with a plain random crop.

    Args:
        size (int | tuple[int, int]): As in :class:`PoseCrop`.
        scale (tuple[float, float]): Side of the box as a share of that of
            the largest one, drawn uniformly. Defaults to (0.6, 1).
    """

    def __init__(
        self,
        size: int | tuple[int, int],
        scale: tuple[float, float] = (0.6, 1.0),
    ) -> None:
        super().__init__(size)
        if not 0 < scale[0] <= scale[1] <= 1:
            raise ValueError(f'scale={scale} must be 0 < low <= high <= 1')
        self.scale = scale

    def choose(self, results: dict) -> tuple[int, int, int, int]:
        """Draw a box from NumPy's global state."""
        height, width = results['img'].shape[:2]
        share = np.random.uniform(*self.scale)
        box_size = [
            max(1, round(share * side))
            for side in largest_box(width, height, self.size)
        ]
        poses = results['poses']
        joints = poses[drawable(poses, height, width, threshold=0)]
        corner = []
        joint = joints[np.random.randint(len(joints))] if len(joints) else None
        for axis, side in enumerate((width, height)):
            low, high = 0, side - box_size[axis]
            if joint is not None:
                pixel = int(np.floor(joint[axis] + 0.5))
                low = max(low, pixel - box_size[axis] + 1)
                high = min(high, pixel)
            corner.append(np.random.randint(low, high + 1))
        return (*corner, *box_size)


def largest_box(
    width: int, height: int, size: tuple[int, int]
) -> tuple[int, int]:
    """Return width and height of the largest box of the shape of ``size``."""
    scale = min(width / size[0], height / size[1])
    return (
        min(width, max(1, round(scale * size[0]))),
        min(height, max(1, round(scale * size[1]))),
    )


def move_poses(
    poses: np.ndarray, box: tuple[int, int, int, int], size: tuple[int, int]
) -> np.ndarray:
    """Move joints with the box that is cut out and resized.

    Args:
        poses (np.ndarray): (P, 17, 3), in pixels of the image.
        box (tuple[int]): x, y, width and height in pixels of the image.
        size (tuple[int]): Width and height that the box is resized to.

    Returns:
        np.ndarray: float32 (P, 17, 3), in pixels of the result; joints that
        are outside or too unsure to be drawn are 0, 0, 0.
    """
    moved = np.array(poses, np.float32)
    for axis in (0, 1):
        scale = size[axis] / box[axis + 2]
        # Centres of pixels are integers, so edges are half a pixel off.
        moved[..., axis] = (moved[..., axis] + 0.5 - box[axis]) * scale - 0.5
    drawn = drawable(moved, size[1], size[0])
    return np.where(drawn[..., None], moved, 0)


def _check_size(results: dict) -> None:
    annotated = results.get('height'), results.get('width')
    found = results['img'].shape[:2]
    if None not in annotated and annotated != found:
        raise PreflightError(
            f'image {results["img_path"]} of annotation {results["img_id"]} '
            f'is {found[1]}x{found[0]} pixels and annotated as '
            f'{annotated[1]}x{annotated[0]}: its poses would be misplaced; '
            'get the image again or mend the annotation'
        )
