"""The drawn pose condition as a transform (ours)."""

from mmcv.transforms import BaseTransform

from mmkbdm.registry import TRANSFORMS
from mmkbdm.visualization.pose_drawing import THRESHOLD, draw_pose

from .pose_check import check_poses


@TRANSFORMS.register_module()
class DrawPose(BaseTransform):
    """Add ``condition``: the poses drawn at the size of the image, RGB.

    Comes after every transform that moves the poses.

    Args:
        line_width (int, optional): OpenCV's. Defaults to 10 at 512x512, in
            proportion at other sizes.
        threshold (float): As in :func:`draw_pose`. Defaults to 0.02.
    """

    def __init__(
        self, line_width: int | None = None, threshold: float = THRESHOLD
    ) -> None:
        self.line_width = line_width
        self.threshold = threshold

    def transform(self, results: dict) -> dict:
        """Draw ``poses``."""
        check_poses(results)
        height, width = results['img'].shape[:2]
        results['condition'] = draw_pose(
            results['poses'], height, width, self.line_width, self.threshold
        )
        return results
