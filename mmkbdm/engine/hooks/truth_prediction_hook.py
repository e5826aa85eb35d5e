"""Pictures of the predicted people beside the annotated ones (ours)."""

import os
from collections.abc import Sequence
from pathlib import Path

import mmcv
import numpy as np
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.engine.hooks import PoseVisualizationHook
from mmpose.structures import PoseDataSample

from mmkbdm.registry import HOOKS
from mmkbdm.visualization import contact_sheet


@HOOKS.register_module()
class TruthPredictionHook(PoseVisualizationHook):
    """Draws every tested image once, truth at the left of the prediction.

    A top-down model sees one person at a time; here all people of an image
    are gathered again. Beside the pictures there is a contact sheet of the
    first of them, ``contact_sheet.png``.

    Args:
        sheet_size (int): Images in the contact sheet. Defaults to 12.
        min_side (int): Small images are enlarged to at least so many pixels,
            so that a skeleton can be told apart. Defaults to 320.
        **kwargs: Arguments of
            :class:`mmpose.engine.hooks.PoseVisualizationHook`.
    """

    def __init__(
        self, sheet_size: int = 12, min_side: int = 320, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.sheet_size = sheet_size
        self.min_side = min_side

    def before_test_epoch(self, runner: Runner) -> None:
        """Forget the people of an earlier test."""
        self._people: dict[str, list[PoseDataSample]] = {}

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: Sequence[PoseDataSample],
    ) -> None:
        """Gather the people of each image."""
        if self.enable:
            for sample in outputs:
                self._people.setdefault(sample.img_path, []).append(sample)

    def after_test_epoch(
        self, runner: Runner, metrics: dict | None = None
    ) -> None:
        """Draw the gathered people to the output folder."""
        if not self.enable:
            return
        out_dir = Path(self.out_dir or os.path.join(runner.work_dir, 'vis'))
        self._visualizer.set_dataset_meta(runner.test_evaluator.dataset_meta)
        pictures = []
        for path in list(self._people)[:: self.interval]:
            picture = self._draw(path, out_dir / f'{Path(path).stem}.png')
            if len(pictures) < self.sheet_size:
                pictures.append(picture)
        mmcv.imwrite(
            contact_sheet(pictures, columns=3, title='truth | prediction'),
            str(out_dir / 'contact_sheet.png'),
        )
        runner.logger.info(
            f'{len(self._people)} images with truth and prediction side by '
            f'side are in {out_dir}'
        )

    def _draw(self, img_path: str, out_file: Path) -> np.ndarray:
        samples = self._people[img_path]
        image = mmcv.imread(img_path, channel_order='rgb')
        zoom = max(1, round(self.min_side / min(image.shape[:2])))
        image = mmcv.imrescale(image, float(zoom), interpolation='nearest')
        everyone = PoseDataSample(
            gt_instances=_zoomed([s.gt_instances for s in samples], zoom),
            pred_instances=_zoomed([s.pred_instances for s in samples], zoom),
        )
        self._visualizer.add_datasample(
            Path(img_path).name,
            image,
            everyone,
            draw_gt=True,
            draw_bbox=False,
            show=self.show,
            wait_time=self.wait_time,
            kpt_thr=self.kpt_thr,
            out_file=str(out_file),
        )
        return mmcv.imread(str(out_file))


def _zoomed(people: list[InstanceData], zoom: int) -> InstanceData:
    """All people of an image in the pixels of its enlargement."""
    fields = ('keypoints', 'keypoints_visible', 'keypoint_scores')
    merged = InstanceData()
    for field in fields:
        if field in people[0]:
            value = np.concatenate([person[field] for person in people])
            merged[field] = value * zoom if field == 'keypoints' else value
    return merged
