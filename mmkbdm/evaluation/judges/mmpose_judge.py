"""Judges of MMPose."""

from collections.abc import Sequence

import numpy as np

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.functional import COCO_SIGMAS
from mmkbdm.evaluation.functional.people import detections_from_poses
from mmkbdm.evaluation.functional.pose_nms import pose_nms
from mmkbdm.registry import JUDGES

from .base import NUM_JOINTS, Judge, check_images, judge_in_boxes, person
from .detectors import build_detector
from .mm_model import load_model, predict, versions

# They take the batch for one image.
ONE_IMAGE_HEADS = ('CIDHead', 'DEKRHead')


@JUDGES.register_module()
class MMPoseJudge(Judge):
    """Any 2-D estimator of 17 COCO joints that MMPose can load.

    Predictions are those of ``MMPoseInferencer`` with the same boxes. Its own
    call is not used: it takes the whole image for a person where the detector
    finds nobody, looks at one image at a time, drops boxes of people who
    overlap, and loads weights of another model without an error.

    Args:
        config (str): A path, or a name like ``mmpose::folder/file.py``;
            top-down or bottom-up.
        weights (str): A path or a URL.
        detector (dict | Callable | str, optional): For a top-down config:
            config of a detector, a detector, or ``'whole_image'``. Defaults
            to None, for a bottom-up config.
        batch_size (int): People (images when bottom-up) at a time. Defaults
            to 32.
        device (str, optional): Defaults to None, a GPU where there is one.
        nms_thr (float, optional): OKS above which two poses are one person.
            Defaults to None, as the metrics suppress duplicates when their
            protocol wants it.

    Raises:
        PreflightError: A file is not there, the joints are others, or the
            config and ``detector`` do not go together.
    """

    def __init__(
        self,
        config: str,
        weights: str,
        detector=None,
        batch_size: int = 32,
        device: str | None = None,
        nms_thr: float | None = None,
    ) -> None:
        from mmpose.apis import init_model

        self.estimator = load_model(
            init_model, config, weights, 'mmpose', device, _test_pipeline
        )
        model = self.estimator.model
        joints = model.dataset_meta.get('num_keypoints')
        if joints != NUM_JOINTS:
            raise PreflightError(
                f'{config} finds {joints} joints: a judge needs the '
                f'{NUM_JOINTS} of COCO'
            )
        top_down = _dataset(model.cfg).get('data_mode') != 'bottomup'
        if top_down != (detector is not None):
            raise PreflightError(
                f'{config} is top-down: give judge.detector, the config of '
                "one or 'whole_image'"
                if top_down
                else f'{config} is bottom-up: leave judge.detector out'
            )
        self.detector = build_detector(detector)
        if model.cfg.model.head.type.split('.')[-1] in ONE_IMAGE_HEADS:
            batch_size = 1
        self.batch_size = batch_size
        self.nms_thr = nms_thr

    def judge(self, images: Sequence[np.ndarray]) -> list[dict]:
        """Find the people of every image, see :class:`Judge`."""
        check_images(images)
        if self.detector is None:
            found = self._bottom_up(images)
        else:
            boxes = self.detector(images)
            found = judge_in_boxes(images, boxes, self._in_boxes)
        if self.nms_thr is not None:
            found = [_suppress(people, self.nms_thr) for people in found]
        return found

    def describe(self) -> dict:
        """Return what a report must say, see :class:`Judge`."""
        return dict(
            name='MMPoseJudge',
            **self.estimator.description,
            detector=self.detector and self.detector.describe(),
            nms_thr=self.nms_thr,
            versions=versions('mmpose', 'mmengine', 'torch'),
        )

    def _bottom_up(self, images: Sequence[np.ndarray]) -> list[dict]:
        records = (self._record(image) for image in images)
        found = []
        for sample in predict(self.estimator, records, self.batch_size):
            people = sample.pred_instances
            places = _array(people.keypoints)
            if 'bboxes' in people:
                boxes = _array(people.bboxes)
            elif len(places):
                boxes = np.concatenate([places.min(1), places.max(1)], -1)
            else:
                boxes = np.zeros((0, 4))
            joint_scores = _array(people.keypoint_scores)
            # DEKR and CID leave the people's own scores out.
            scores = joint_scores.mean(-1)
            if 'bbox_scores' in people:
                scores = _array(people.bbox_scores)
            found.append(person(places, joint_scores, scores, boxes))
        return found

    def _in_boxes(self, people: list[tuple]) -> tuple[list, list]:
        records = (
            dict(
                self._record(image),
                bbox=np.float32(box)[None],
                bbox_score=np.float32([score]),
            )
            for image, box, score in people
        )
        samples = predict(self.estimator, records, self.batch_size)
        found = [sample.pred_instances for sample in samples]
        return (
            [_array(one.keypoints) for one in found],
            [_array(one.keypoint_scores) for one in found],
        )

    def _record(self, image: np.ndarray) -> dict:
        # MMPose reads images as OpenCV does, in BGR.
        image = np.ascontiguousarray(image[..., ::-1])
        return dict(self.estimator.model.dataset_meta, img=image)


def _suppress(people: dict, threshold: float) -> dict:
    """Drop poses that repeat a better one, the best first."""
    order = np.argsort(-people['scores'], kind='stable')
    people = {name: values[order] for name, values in people.items()}
    poses = np.concatenate(
        [people['keypoints'], people['keypoint_scores'][..., None]], -1
    )
    # The person's number in place of a score says who stays.
    number = -np.arange(len(poses), dtype=float)
    detections, _ = detections_from_poses([poses], [number])
    kept = -pose_nms(detections, COCO_SIGMAS, threshold).scores.astype(int)
    return {name: values[kept] for name, values in people.items()}


def _test_pipeline(cfg) -> list[dict]:
    return _dataset(cfg).pipeline


def _dataset(cfg):
    return cfg.test_dataloader.dataset


def _array(values) -> np.ndarray:
    if hasattr(values, 'cpu'):
        values = values.cpu()
    return np.asarray(values)
