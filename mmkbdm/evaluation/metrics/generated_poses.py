"""AP, CAP and PCE of generated people as metrics of MMEngine (ours)."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from mmkbdm.evaluation.functional import (
    COCO_SIGMAS,
    build_protocol,
    collect_poses,
    score_collected,
)
from mmkbdm.registry import METRICS


class GeneratedPoses(BaseMetric):
    """Base of the metrics of generated people.

    A data sample is a dict, or an MMEngine data element with such fields
    (MMPose's ``PoseDataSample`` has those of the first two). Arrays and
    tensors are taken, of P people asked for and D people found:

    .. code-block:: python

        dict(
            gt_instances=dict(
                keypoints=...,  # (P, K, 2) x, y in pixels of the image
                keypoints_visible=...,  # (P, K), 0: not in the condition
            ),
            pred_instances=dict(
                keypoints=...,  # (D, K, 2) x, y in pixels of the image
                keypoint_scores=...,  # (D, K), NaN or 0: not found
                scores=...,  # (D, ) of the people, in [0, 1]
            ),
        )

    Pixels are those of the image that was generated; the judge scales its
    answers back. P or D may be 0: ``np.zeros((0, K, 2))``. Every generated
    image is a sample, those without people or without detections too.

    Args:
        protocol (str): ``standard`` or ``legacy``. Defaults to ``standard``.
        switches (dict, optional): Fields of
            :class:`~mmkbdm.evaluation.functional.Protocol` to switch on or
            off in it. Defaults to None.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str, optional): Prefix of the names. Defaults to None, which
            is ``pose``.

    If the dataset's metainfo has ``sigmas``, they replace COCO's. The legacy
    protocol's mini-batches follow the order of the dataset.
    """

    default_prefix = 'pose'
    name: str
    # The counts that belong to the metric, beside its own.
    counts: tuple[str, ...] = ()

    def __init__(
        self,
        protocol: str = 'standard',
        switches: dict[str, bool] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.protocol = build_protocol(protocol, switches)

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep the poses of a batch."""
        for sample in data_samples:
            true = sample['gt_instances']
            found = sample['pred_instances']
            self.results.append(
                (
                    _poses(true['keypoints'], true['keypoints_visible']),
                    _poses(found['keypoints'], found['keypoint_scores']),
                    _array(found['scores']),
                )
            )

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the metric of all images.

        Args:
            results (list): Of each image the poses (P, K, 3) asked for, the
                poses (D, K, 3) found and their scores (D, ).
        """
        true, found, scores = zip(*results)
        sigmas = np.asarray((self.dataset_meta or {}).get('sigmas', []))
        if not len(sigmas):
            sigmas = COCO_SIGMAS
        collected = collect_poses(true, found, scores, sigmas, self.protocol)
        metrics = score_collected(
            collected, [self.name], sigmas, self.protocol
        )
        counts = {name: collected.counts[name] for name in self.counts}
        return {**metrics, **counts}


@METRICS.register_module()
class KeypointAP(GeneratedPoses):
    """AP and AR of generated people over OKS, see :func:`keypoint_ap`.

    Example:
        >>> val_evaluator = dict(type='mmkbdm.KeypointAP')
    """

    name = 'AP'
    counts = ('people', 'people_without_joints', 'people_without_area')


@METRICS.register_module()
class PoseSimilarityAP(GeneratedPoses):
    """CAP of generated people, see :func:`pose_similarity_ap`."""

    name = 'CAP'


@METRICS.register_module()
class PeopleCountError(GeneratedPoses):
    """PCE of generated images, see :func:`people_count_error`."""

    name = 'PCE'
    counts = ('images', 'detections_invalid', 'detections_suppressed')


def _poses(places, values) -> np.ndarray:
    places, values = _array(places), _array(values)
    if not places.size:
        return np.zeros((0, 0, 3))
    if places.shape[:2] != values.shape:
        raise ValueError(
            f'keypoints of shape {places.shape} have visibility or scores '
            f'of shape {values.shape}'
        )
    return np.concatenate([places, values[..., None]], axis=-1)


def _array(values) -> np.ndarray:
    if hasattr(values, 'cpu'):
        values = values.detach().cpu()
    return np.asarray(values, float)
