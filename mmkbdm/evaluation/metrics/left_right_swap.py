"""How often a network takes left for right (ours)."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from mmkbdm.registry import METRICS


@METRICS.register_module()
class LeftRightSwap(BaseMetric):
    """Share of left/right joint pairs that were predicted the wrong way.

    A pair counts when both joints are labelled and further apart than
    ``min_separation`` of the person's box; it is swapped when each of the
    two predictions is nearer to the other's truth than to its own.

    Args:
        min_separation (float): Distance of the true joints as a share of the
            longer side of the box, below which left and right cannot be told
            apart by their places. Defaults to 0.1.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str, optional): Prefix of the metric's name. Defaults to
            None, which is ``swap``.
    """

    default_prefix = 'swap'

    def __init__(
        self,
        min_separation: float = 0.1,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.min_separation = min_separation

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Count the pairs and the swapped ones of a batch."""
        left, right = np.transpose(self.dataset_meta['flip_pairs'])
        for sample in data_samples:
            truth = sample['gt_instances']
            boxes = np.asarray(truth['bboxes'])
            counts = count_swaps(
                np.asarray(sample['pred_instances']['keypoints']),
                np.asarray(truth['keypoints']),
                np.asarray(truth['keypoints_visible']),
                self.min_separation * (boxes[:, 2:] - boxes[:, :2]).max(1),
                left,
                right,
            )
            self.results.append(counts)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Share of swapped pairs, NaN when there is no pair."""
        swapped, pairs = np.reshape(results, (-1, 2)).sum(0)
        return dict(rate=float(swapped / pairs) if pairs else float('nan'))


def count_swaps(
    predicted: np.ndarray,
    truth: np.ndarray,
    visible: np.ndarray,
    separation: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
) -> tuple[int, int]:
    """Count swapped pairs and all pairs.

    Args:
        predicted, truth (np.ndarray): Joints (N, K, 2) in pixels.
        visible (np.ndarray): Visibility (N, K), 0 for joints without label.
        separation (np.ndarray): Least distance of a true pair (N, ) in
            pixels.
        left, right (np.ndarray): Indices of the joints of each pair.

    Returns:
        tuple[int, int]: Swapped pairs, all pairs.
    """

    def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.linalg.norm(a - b, axis=-1)

    apart = distance(truth[:, left], truth[:, right]) > separation[:, None]
    counted = apart & (visible[:, left] > 0) & (visible[:, right] > 0)
    swapped = counted.copy()
    for own, other in ((left, right), (right, left)):
        to_own = distance(predicted[:, own], truth[:, own])
        to_other = distance(predicted[:, own], truth[:, other])
        swapped &= to_other < to_own
    return int(swapped.sum()), int(counted.sum())
