"""A judge of transformers."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch

from mmkbdm.apis.errors import PreflightError
from mmkbdm.registry import JUDGES

from .base import NUM_JOINTS, Judge, check_images, judge_in_boxes
from .detectors import build_detector
from .mm_model import versions


@JUDGES.register_module()
class TransformersViTPoseJudge(Judge):
    """ViTPose of transformers, which needs no MMPose.

    Args:
        path (str): A folder, or a name on the hub.
        detector (dict | Callable | str): Where to look for people. Defaults
            to ``'whole_image'``.
        batch_size (int): People at a time. Defaults to 32.
        device (str, optional): Defaults to None, a GPU where there is one.

    Raises:
        PreflightError: There is no ViTPose of 17 joints.
    """

    def __init__(
        self,
        path: str,
        detector='whole_image',
        batch_size: int = 32,
        device: str | None = None,
    ) -> None:
        from transformers import (
            VitPoseForPoseEstimation,
            VitPoseImageProcessor,
        )

        try:
            self.processor = VitPoseImageProcessor.from_pretrained(path)
            model = VitPoseForPoseEstimation.from_pretrained(path)
        except OSError as error:
            raise PreflightError(
                f'{path} is no ViTPose of transformers: give a folder with '
                'config.json, preprocessor_config.json and weights, or a '
                'name on the hub and a network'
            ) from error
        if model.config.num_labels != NUM_JOINTS:
            raise PreflightError(
                f'{path} finds {model.config.num_labels} joints: a judge '
                f'needs the {NUM_JOINTS} of COCO'
            )
        device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
        self.model = model.to(device).eval()
        self.path = path
        self.detector = build_detector(detector)
        self.batch_size = batch_size

    def judge(self, images: Sequence[np.ndarray]) -> list[dict]:
        """Find the people of every image, see :class:`Judge`."""
        check_images(images)
        return judge_in_boxes(images, self.detector(images), self._in_boxes)

    @torch.no_grad()
    def _in_boxes(self, people: list[tuple]) -> tuple[list, list]:
        found = []
        for start in range(0, len(people), self.batch_size):
            part = people[start : start + self.batch_size]
            images = [image for image, _, _ in part]
            # In transformers a box is left, top, width, height.
            boxes = [[[*box[:2], *(box[2:] - box[:2])]] for _, box, _ in part]
            inputs = self.processor(images, boxes=boxes, return_tensors='pt')
            inputs = inputs.to(self.model.device)
            if self.model.config.backbone_config.num_experts > 1:
                # ViTPose++ has an expert a data set; COCO's is the first.
                first = torch.zeros(len(part), dtype=torch.long)
                inputs['dataset_index'] = first.to(self.model.device)
            found += self.processor.post_process_pose_estimation(
                self.model(**inputs), boxes=boxes
            )
        return (
            [one['keypoints'].numpy() for [one] in found],
            [one['scores'].numpy() for [one] in found],
        )

    def describe(self) -> dict:
        """Return what a report must say, see :class:`Judge`."""
        return dict(
            name='TransformersViTPoseJudge',
            weights=self.path,
            parameters_sha256=self._checksum(),
            detector=self.detector.describe(),
            versions=versions('transformers', 'torch'),
        )

    def _checksum(self) -> str:
        """Digest of the parameters, whatever files they came in."""
        digest = hashlib.sha256()
        for name, value in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()
