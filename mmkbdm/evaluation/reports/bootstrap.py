"""Scores of resampled images (ours).

Source of the method: Efron's percentile bootstrap. The images are drawn, so
that what varies is which poses were asked for; the judge and the seeds of
the generator stay as they were.
"""

from collections.abc import Sequence

import numpy as np

from ..functional import (
    average_precision,
    collect_poses,
    match_keypoints,
    match_similar,
    oks_of_images,
)
from ..functional.people_count import SCORE_THRESHOLD
from ..judged import JudgedImage


class ImageScores:
    """What can be scored of any sample of images, in the standard protocol.

    Args:
        images (Sequence[JudgedImage]): N images.
        columns (dict[str, np.ndarray]): (N, ) scores of the images, whose
            mean is a score as well. Defaults to none.
    """

    def __init__(
        self,
        images: Sequence[JudgedImage],
        columns: dict[str, np.ndarray] | None = None,
    ) -> None:
        detections, truth, _ = collect_poses(
            [image.poses for image in images],
            [image.found for image in images],
            [image.people['scores'] for image in images],
        )
        number = len(images)
        self.oks_matches = match_keypoints(detections, truth)
        self.similar_matches, _ = match_similar(detections, truth)
        self.people = np.bincount(truth.image, minlength=number)
        sure = detections.image[detections.scores > SCORE_THRESHOLD]
        found = np.bincount(sure, minlength=number)
        self.count_error = np.abs(found - self.people)
        self.oks, self.measured = oks_of_images(detections, truth)
        self.columns = columns or {}

    def score(self, sample: np.ndarray) -> dict[str, float]:
        """Score the images (S, ) of a sample, which may repeat some.

        Returns:
            dict[str, float]: ``AP``, ``AP50``, ``AP75``, ``CAP``, ``PCE``,
            ``OKS`` (mean over people of the detection nearest to each) and
            the columns; NaN where there is nobody.
        """
        by_oks, _ = average_precision(self.oks_matches.take(sample))
        similar, _ = average_precision(self.similar_matches.take(sample))
        people = self.measured[sample].sum()
        oks = self.oks[sample].sum() / people if people else np.nan
        result = dict(
            AP=by_oks.mean(),
            AP50=by_oks[0, 0],
            AP75=by_oks[0, 5],
            CAP=similar.mean(),
            PCE=self.count_error[sample].mean(),
            OKS=oks,
        )
        for name, values in self.columns.items():
            result[name] = values[sample].mean()
        return {name: float(value) for name, value in result.items()}


def interval(values: np.ndarray) -> tuple[float, float] | None:
    """Return the middle 95 % of values (R, ), None without a number."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
