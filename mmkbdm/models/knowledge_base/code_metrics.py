"""How well both stages do on held-out features (ours)."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from mmkbdm.registry import METRICS


@METRICS.register_module()
class CodebookUse(BaseMetric):
    """Use of the codes over the whole set, and the reconstruction.

    ``perplexity`` is exp of the entropy of the codes' shares, K at most;
    ``dead`` is the share of codes that no image has; ``cosine`` is that of a
    feature and its reconstruction, the mean.

    Args:
        num_codes (int): Codes K. Defaults to 512.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str, optional): Prefix of the names. Defaults to None, which
            is ``codebook``.
    """

    default_prefix = 'codebook'

    def __init__(
        self,
        num_codes: int = 512,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.num_codes = num_codes

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep code and cosine of a batch."""
        self.results.extend(
            (one['code'], one['cosine']) for one in data_samples
        )

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the three numbers."""
        found, cosines = zip(*results)
        shares = np.bincount(found, minlength=self.num_codes) / len(found)
        used = shares[shares > 0]
        return dict(
            perplexity=float(np.exp(-(used * np.log(used)).sum())),
            dead=float((shares == 0).mean()),
            cosine=float(np.mean(cosines)),
        )


@METRICS.register_module()
class CodeAccuracy(BaseMetric):
    """Mean of the accuracies that :class:`TextToCode` predicts with."""

    default_prefix = 'code'

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep the accuracies of a batch."""
        self.results.extend(data_samples)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average each of them."""
        return {
            key: float(np.mean([one[key] for one in results]))
            for key in results[0]
        }
