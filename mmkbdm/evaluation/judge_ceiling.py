"""What a judge scores on real images: no generator can do better (ours)."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

from mmengine.logging import print_log

from mmkbdm import __version__
from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.atomic_backend import AtomicLocalBackend

from .functional import Protocol
from .inputs.collect import collect_items
from .inputs.pose_file import read_pose_file
from .judge_images import judge_images
from .judges import Judge
from .reports.column import Column
from .scoring import score_evaluation
from .weights import local_weights, sha256


def measure_judge_ceiling(
    config: str, judge: Judge, protocol: Protocol, batch_size: int = 16
) -> Column | None:
    """Score a judge on the real images that its config names.

    The config has ``ceiling = dict(images=FOLDER, poses=FILE)``. Scores are
    kept beside the judge's weights and measured again when the judge, the
    annotations, the protocol or the version of mmkbdm change.

    Args:
        config (str): Config file of the judge.
        judge (Judge): Built from it.
        protocol (Protocol): Of the scores.
        batch_size (int): Images at a time. Defaults to 16.

    Returns:
        Column | None: Without scores if the images cannot be had, in which
        case it says why; None for a config without ``ceiling``.
    """
    ceiling = read_config(config).get('ceiling')
    if ceiling is None:
        return None
    try:
        cache = _cache_file(judge.describe(), ceiling.poses, protocol)
        if (column := _read(cache)) is not None:
            return column
        column = _measure(judge, ceiling, protocol, batch_size)
    except PreflightError as error:
        return Column(f'not measured: {error}', {})
    if cache is not None:
        _write(cache, column)
    return column


def _measure(
    judge: Judge, ceiling: dict, protocol: Protocol, batch_size: int
) -> Column:
    records = read_pose_file(ceiling['poses'])
    inputs = collect_items(ceiling['images'], records, ceiling['poses'])
    evaluation = judge_images(
        inputs.items,
        judge,
        inputs.images_given,
        inputs.excluded,
        batch_size=batch_size,
    )
    # It is about the run that the published scripts would crash.
    protocol = replace(protocol, fail_without_detections=False)
    scores, _ = score_evaluation(evaluation, protocol)
    count = len(evaluation.images)
    return Column(f'{count} real images of {ceiling["images"]}', scores)


def _cache_file(
    description: dict, poses: str, protocol: Protocol
) -> Path | None:
    """Where the scores are kept; None for a judge without such a place."""
    if not Path(poses).is_file():
        raise PreflightError(f'{poses} does not exist')
    weights = description.get('weights')
    if not weights:
        return None
    key = json.dumps(
        [__version__, description, sha256(Path(poses)), asdict(protocol)],
        sort_keys=True,
    )
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return local_weights(weights).parent / f'ceiling-{digest}.json'


def _read(cache: Path | None) -> Column | None:
    try:
        # JSON as Python has it knows NaN.
        return Column(**json.loads(cache.read_text()))
    except (AttributeError, OSError, ValueError, TypeError):
        return None


def _write(cache: Path, column: Column) -> None:
    try:
        AtomicLocalBackend().put(json.dumps(asdict(column)).encode(), cache)
    except OSError as error:
        print_log(
            f"the judge's ceiling is not kept in {cache} ({error.strerror})",
            logger='current',
        )
