"""Pictures of the predicted people beside the annotated ones (ours)."""

import os
from collections.abc import Sequence
from pathlib import Path

import mmcv
import numpy as np
from mmengine.dist import all_gather_object, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.engine.hooks import PoseVisualizationHook
from mmpose.structures import PoseDataSample

from mmkbdm.registry import HOOKS
from mmkbdm.visualization import (
    captioned,
    contact_sheet,
    enlarge,
    fit_pen,
    labelled,
    zoom_points,
)


@HOOKS.register_module()
class TruthPredictionHook(PoseVisualizationHook):
    """Draws every tested image once, truth at the left of the prediction.

    A top-down model sees one person at a time; here all people of an image
    are gathered again, from all processes. Beside the pictures there is a
    contact sheet of the first of them, ``contact_sheet.png``. A validation
    during training has a folder of its own, ``epoch_N``. Boxes of a detector
    come without truth and leave the left panel bare.

    Args:
        sheet_size (int): Images in the contact sheet. Defaults to 12.
        min_side (int): Small images are enlarged to about so many pixels,
            so that a skeleton can be told apart. Defaults to 480.
        box_thr (float): Predictions in boxes of a smaller detection score
            are not drawn. Defaults to 0.3.
        **kwargs: Arguments of
            :class:`mmpose.engine.hooks.PoseVisualizationHook`.
    """

    def __init__(
        self,
        sheet_size: int = 12,
        min_side: int = 480,
        box_thr: float = 0.3,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.sheet_size = sheet_size
        self.min_side = min_side
        self.box_thr = box_thr
        self._people: dict[str, list[tuple[InstanceData, InstanceData]]] = {}

    def before_val_epoch(self, runner: Runner) -> None:
        """Forget the people of an earlier evaluation."""
        self._people = {}

    before_test_epoch = before_val_epoch

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: Sequence[PoseDataSample],
    ) -> None:
        """Gather the people of each image."""
        self._gather(outputs)

    after_test_iter = after_val_iter

    def after_val_epoch(
        self, runner: Runner, metrics: dict | None = None
    ) -> None:
        """Draw the gathered people to a folder of this epoch."""
        self._draw_all(runner, runner.val_evaluator, f'epoch_{runner.epoch}')

    def after_test_epoch(
        self, runner: Runner, metrics: dict | None = None
    ) -> None:
        """Draw the gathered people to the output folder."""
        self._draw_all(runner, runner.test_evaluator, '')

    def _gather(self, outputs: Sequence[PoseDataSample]) -> None:
        if self.enable:
            for sample in outputs:
                self._people.setdefault(sample.img_path, []).append(
                    (_truth(sample), _prediction(sample, self.box_thr))
                )

    def _draw_all(
        self, runner: Runner, evaluator: Evaluator, folder: str
    ) -> None:
        if not self.enable:
            return
        people: dict[str, list[tuple[InstanceData, InstanceData]]] = {}
        for part in all_gather_object(self._people):
            for path, instances in part.items():
                people.setdefault(path, []).extend(instances)
        self._people = {}
        if not people or not is_main_process():
            return
        parent = self.out_dir or os.path.join(runner.work_dir, 'vis')
        out_dir = Path(parent, folder)
        # MMPose's hook takes the visualizer named last in the process, which
        # is another runner's where a process builds several.
        self._visualizer = runner.visualizer
        self._visualizer.set_dataset_meta(evaluator.dataset_meta)
        paths = sorted(people)[:: self.interval]
        root = os.path.commonpath([os.path.dirname(path) for path in paths])
        sheet = []
        for path in paths:
            # The folder keeps apart images of one name.
            name = Path(os.path.relpath(path, root)).with_suffix('.png')
            picture = self._draw(path, people[path], str(out_dir / name))
            if len(sheet) < self.sheet_size:
                sheet.append(picture)
        mmcv.imwrite(
            contact_sheet(
                sheet,
                columns=3,
                title=f'truth | prediction, {len(sheet)} of {len(people)} '
                'images',
            ),
            str(out_dir / 'contact_sheet.png'),
        )
        runner.logger.info(
            f'{len(paths)} images with truth and prediction side by side '
            f'are in {out_dir}'
        )

    def _draw(
        self,
        img_path: str,
        people: list[tuple[InstanceData, InstanceData]],
        out_file: str,
    ) -> np.ndarray:
        """Write truth | prediction of one image; returns it as BGR."""
        image = mmcv.imread(img_path, channel_order='rgb')
        image, zoom = enlarge(image, self.min_side)
        fit_pen(self._visualizer, image)
        truths, predictions = zip(*people)
        drawn = self._visualizer.add_datasample(
            Path(img_path).name,
            image,
            PoseDataSample(
                gt_instances=_zoomed(truths, zoom),
                pred_instances=_zoomed(predictions, zoom),
            ),
            draw_gt=True,
            draw_bbox=False,
            show=self.show,
            wait_time=self.wait_time,
            kpt_thr=self.kpt_thr,
            out_file=out_file,  # without it the picture goes to vis_backends
        )
        picture = captioned(drawn[..., ::-1], ('truth', 'prediction'))
        mmcv.imwrite(picture, out_file)
        return picture


def _truth(sample: PoseDataSample) -> InstanceData:
    truth = sample.gt_instances
    return InstanceData(
        keypoints=truth.keypoints,
        keypoints_visible=labelled(truth.keypoints, truth.keypoints_visible),
    )


def _prediction(sample: PoseDataSample, box_thr: float) -> InstanceData:
    prediction = sample.pred_instances
    scores = prediction.keypoint_scores
    boxes = sample.gt_instances.get('bbox_scores')
    if boxes is not None and len(boxes) == len(scores):
        scores = scores * (np.asarray(boxes)[:, None] >= box_thr)
    return InstanceData(
        keypoints=prediction.keypoints, keypoints_visible=scores
    )


def _zoomed(people: Sequence[InstanceData], zoom: int) -> InstanceData:
    """All people of an image in the pixels of its enlargement."""
    merged = InstanceData.cat(list(people))
    merged.keypoints = zoom_points(merged.keypoints, zoom)
    return merged
