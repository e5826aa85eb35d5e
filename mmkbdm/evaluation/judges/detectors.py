"""Where a top-down judge looks for people."""

from collections.abc import Sequence

import numpy as np

from mmkbdm.registry import JUDGES

from .mm_model import load_model, predict, versions

Boxes = tuple[np.ndarray, np.ndarray]


@JUDGES.register_module()
class WholeImage:
    """One person, who fills the image."""

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """Return the box of each image (1, 4) and its score 1 (1, )."""
        return [
            (np.array([[0, 0, *image.shape[1::-1]]], float), np.ones(1))
            for image in images
        ]

    def describe(self) -> str:
        """Return the name."""
        return 'whole_image'


@JUDGES.register_module()
class MMDetDetector:
    """People in boxes, by a detector of MMDetection.

    Args:
        config (str): A path, or a name like ``mmdet::folder/file.py``.
        weights (str): A path or a URL.
        cat_ids (Sequence[int]): The detector's classes of people. Defaults
            to (0, ).
        bbox_thr (float): Boxes with a lower score are not looked into; to
            save time, the metrics have thresholds of their own. Defaults to
            0.1.
        batch_size (int): Images at a time. Defaults to 16.
        device (str, optional): Defaults to None, a GPU where there is one.
    """

    def __init__(
        self,
        config: str,
        weights: str,
        cat_ids: Sequence[int] = (0,),
        bbox_thr: float = 0.1,
        batch_size: int = 16,
        device: str | None = None,
    ) -> None:
        from mmdet.apis import init_detector

        self.detector = load_model(
            init_detector, config, weights, 'mmdet', device, _test_pipeline
        )
        self.cat_ids = tuple(cat_ids)
        self.bbox_thr = bbox_thr
        self.batch_size = batch_size

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """Find people.

        Args:
            images (Sequence[np.ndarray]): (H, W, 3) uint8, RGB.

        Returns:
            list[tuple]: Boxes (D, 4), x1, y1, x2, y2 in pixels, and their
            scores (D, ), of each image.
        """
        # MMDetection reads images as OpenCV does, in BGR.
        records = (
            dict(img=np.ascontiguousarray(image[..., ::-1]), img_id=0)
            for image in images
        )
        found = []
        for sample in predict(self.detector, records, self.batch_size):
            people = sample.pred_instances.cpu().numpy()
            chosen = np.isin(people.labels, self.cat_ids)
            chosen &= people.scores >= self.bbox_thr
            found.append((people.bboxes[chosen], people.scores[chosen]))
        return found

    def describe(self) -> dict:
        """Return config, weights and settings for the report."""
        return dict(
            name='MMDetDetector',
            **self.detector.description,
            cat_ids=list(self.cat_ids),
            bbox_thr=self.bbox_thr,
            versions=versions('mmdet'),
        )


def build_detector(detector):
    """Return a detector, given one, its config, or ``'whole_image'``."""
    if detector == 'whole_image':
        return WholeImage()
    return JUDGES.build(detector) if isinstance(detector, dict) else detector


def _test_pipeline(cfg) -> list[dict]:
    from mmdet.utils import get_test_pipeline_cfg

    steps = get_test_pipeline_cfg(cfg)
    steps = [s for s in steps if 'Annotations' not in s['type']]
    return [dict(type='mmdet.LoadImageFromNDArray'), *steps[1:]]
