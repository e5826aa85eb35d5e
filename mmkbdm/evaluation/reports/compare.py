"""Several reports in one table, with intervals over images (ours)."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mmkbdm.apis.errors import PreflightError

from ..judged import JudgedImage
from .bootstrap import ImageScores, interval
from .glossary import pooled_names
from .read import Report

CLIP = ('CLIP_score', 'CLIP_score_without_scenario')
# Coordinates are kept in double precision, sizes of images are rounded.
SAME_PLACE = 1e-3


def compare_reports(
    reports: Sequence[Report],
    resamples: int = 1000,
    seed: int = 0,
    progress: bool = True,
) -> dict:
    """Compare reports over the images that all of them have scored.

    Everything is scored anew from the poses, in the standard protocol, in
    the order of the names. The same resampled images are taken of all
    reports, so a difference varies less than the scores do.

    Args:
        reports (Sequence[Report]): Two at least; differences are to the
            first.
        resamples (int): Defaults to 1000.
        seed (int): Of the resampling. Defaults to 0.
        progress (bool): Show a progress bar. Defaults to True.

    Returns:
        dict: Ready for JSON: ``reports`` (names), ``images`` (common),
        ``not_common`` (by report, images scored that others lack),
        ``warnings``, ``resamples``, ``seed``, ``scores``: by name one entry
        a report with ``value``, ``interval`` (low, high), ``difference``,
        ``difference_interval`` and ``differs`` (whether that excludes 0);
        None where there is no number, and for differences of the first.
        ``set_scores``: by name the values of whole reports.

    Raises:
        PreflightError: Fewer than two reports or common images, or an image
            was to show different poses.
    """
    if len(reports) < 2:
        raise PreflightError(
            f'{len(reports)} report given, a comparison needs two or more'
        )
    if resamples < 1:
        raise PreflightError(f'--resamples {resamples} must be at least 1')
    common = _common_images(reports)
    scorers = [_scorer(report, common, reports) for report in reports]
    rng = np.random.default_rng(seed)
    points = [one.score(np.arange(len(common))) for one in scorers]
    names = list(points[0])
    drawn = np.empty((resamples, len(reports), len(names)))
    for i in tqdm(range(resamples), unit='resample', disable=not progress):
        sample = rng.integers(len(common), size=len(common))
        for j, one in enumerate(scorers):
            drawn[i, j] = list(one.score(sample).values())
    return dict(
        reports=_names(reports),
        images=len(common),
        not_common={
            name: len(report.images) - len(common)
            for name, report in zip(_names(reports), reports)
        },
        warnings=_warnings(reports, common),
        resamples=resamples,
        seed=seed,
        scores={
            name: [
                _entry(drawn[:, [0, j], k], points[0][name], one[name], not j)
                for j, one in enumerate(points)
            ]
            for k, name in enumerate(names)
        },
        set_scores=_set_scores(reports),
    )


def _entry(
    drawn: np.ndarray, first: float, value: float, is_first: bool
) -> dict:
    """A score of a report; ``drawn`` (R, 2) are the first's and its own."""
    result = dict(value=_number(value), interval=interval(drawn[:, 1]))
    difference = None if is_first else interval(drawn[:, 1] - drawn[:, 0])
    return result | dict(
        difference=None if is_first else _number(value - first),
        difference_interval=difference,
        differs=bool(difference and (difference[0] > 0 or difference[1] < 0)),
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _scorer(
    report: Report, common: Sequence[str], reports: Sequence[Report]
) -> ImageScores:
    columns = {
        column: np.array([report.columns[column][name] for name in common])
        for column in CLIP
        if not _without(column, common, reports)
    }
    return ImageScores([report.images[name] for name in common], columns)


def _without(
    column: str, common: Sequence[str], reports: Sequence[Report]
) -> dict[str, int]:
    """Count the common images that have no such score, by report.

    A mean over the others would not be of the same images.
    """
    counts = {
        report.folder: sum(
            name not in report.columns.get(column, ()) for name in common
        )
        for report in reports
    }
    return {folder: count for folder, count in counts.items() if count}


def _common_images(reports: Sequence[Report]) -> list[str]:
    """Names, sorted, of images that all have; their poses are compared."""
    first = reports[0]
    common = set(first.images).intersection(*(r.images for r in reports))
    if len(common) < 2:
        number = f'only one image ({common.pop()})' if common else 'no image'
        raise PreflightError(
            f'{", ".join(report.folder for report in reports)} have {number} '
            'in common, which are matched by name; intervals over images '
            'need two or more'
        )
    for report in reports[1:]:
        for name in sorted(common):
            if not _same_poses(first.images[name], report.images[name]):
                raise PreflightError(
                    f'{name} was to show other poses in {report.folder} than '
                    f'in {first.folder}: compare reports of the same poses'
                )
    return sorted(common)


def _same_poses(one: JudgedImage, other: JudgedImage) -> bool:
    """Whether poses agree relative to their images, which may differ."""
    if one.poses.shape != other.poses.shape:
        return False
    places, seen = zip(*(_relative(image) for image in (one, other)))
    if (seen[0] != seen[1]).any():
        return False
    return bool(np.abs(places[0] - places[1]).max(initial=0) <= SAME_PLACE)


def _relative(image: JudgedImage) -> tuple[np.ndarray, np.ndarray]:
    """Places (P, K, 2) of visible joints in sides of the image, and which."""
    seen = np.isfinite(image.poses).all(-1) & (image.poses[..., 2] > 0)
    places = (image.poses[..., :2] + 0.5) / (image.width, image.height)
    return np.where(seen[..., None], places, 0), seen


def _warnings(reports: Sequence[Report], common: Sequence[str]) -> list[str]:
    """What makes the reports hard to compare, one line each."""
    result = []
    with_features = [one for one in reports if one.content.get('features')]
    for key, text, those in (
        ('judge', 'the reports have different judges', reports),
        (
            'protocol',
            'the reports have different protocols; here all are scored in '
            'the standard one',
            reports,
        ),
        (
            'features',
            'FID and KID of the reports are of different features',
            with_features,
        ),
    ):
        kinds = [_without_versions(report.content[key]) for report in those]
        other = [r.folder for r, k in zip(those, kinds) if k != kinds[0]]
        if other:
            names = ', '.join(other)
            result.append(f'{text}: not as {those[0].folder} are {names}')
    for column in CLIP:
        missing = _without(column, common, reports)
        if missing and any(column in one.columns for one in reports):
            counts = (f'{n} images of {name}' for name, n in missing.items())
            result.append(
                f'{column} is left out: {", ".join(counts)} have none'
            )
    return result


def _without_versions(settings):
    if isinstance(settings, list):
        return [_without_versions(one) for one in settings]
    if not isinstance(settings, dict):
        return settings
    return {
        key: _without_versions(value)
        for key, value in settings.items()
        if key != 'versions'
    }


def _set_scores(reports: Sequence[Report]) -> dict[str, list]:
    """FID and KID, which belong to whole sets of images."""
    names = dict.fromkeys(
        name
        for report in reports
        for kind in ('FID', 'KID')
        for name in pooled_names(list(report.content['metrics']), kind)[0]
    )
    return {
        name: [report.content['metrics'].get(name) for report in reports]
        for name in names
    }


def _names(reports: Sequence[Report]) -> list[str]:
    """The folders' last names, or the folders where these are the same."""
    last = [Path(report.folder).resolve().name for report in reports]
    if max(Counter(last).values()) > 1:
        last = [report.folder for report in reports]
    if max(Counter(last).values()) > 1:
        last = [f'{name} ({i + 1})' for i, name in enumerate(last)]
    return last
