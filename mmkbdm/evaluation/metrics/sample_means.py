"""Means of numbers that a model predicts for each sample (ours)."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from mmkbdm.registry import METRICS


@METRICS.register_module()
class SampleMeans(BaseMetric):
    """The mean of each number over all samples.

    The model's predictions are dicts of numbers, with the same keys for all
    samples.
    """

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep the numbers of a batch."""
        self.results.extend(data_samples)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average each of them."""
        return {
            key: float(np.mean([one[key] for one in results]))
            for key in results[0]
        }
