"""The folder of a report: written by one function, whoever scored (ours)."""

import csv
import io
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.output import write_file
from mmkbdm.compat.environment import installed_version

from ..functional import Protocol, build_protocol
from ..judged import Evaluation, save_poses
from ..scoring import FLOOR, image_table, score_evaluation, shuffled
from .column import Column
from .files import IMAGES, METRICS, PAGE, POSES
from .page_of_run import page_of_run

PACKAGES = (
    'numpy', 'scipy', 'torch', 'torchmetrics', 'mmengine', 'mmpose',
    'diffusers', 'transformers', 'cv2', 'PIL',
)  # fmt: skip
# Numbers that the metrics return beside their scores.
COUNTS = (
    'people_undefined',
    'pairs_undefined',
    'images_with_reference',
    'images_with_prompt',
)


def write_report(
    out_dir: str | Path,
    evaluation: Evaluation,
    *,
    judge: dict,
    protocol_name: str,
    switches: dict[str, bool],
    image_scores: dict[str, float],
    per_image_scores: dict[str, dict[str, float]],
    features: str | None,
    ceiling: Column | None,
    floor: Column | None,
    judge_ceiling: Column | None,
    generation: dict | None,
    seeds: list[int] | None,
    command: str,
) -> dict[str, Any]:
    """Score an evaluation and write all there is to know of it.

    The folder then has ``metrics.json``, ``per_image.csv`` with a row for
    every image given, ``poses.npz`` of :func:`save_poses`, and
    ``report.html``, one file that needs no other. Each file is either whole
    or not there, and ``metrics.json`` comes last.

    Args:
        out_dir (str | Path): Folder, made when missing.
        evaluation (Evaluation): Judged images; there may be none.
        judge (dict): Its ``describe()``.
        protocol_name (str): ``standard`` or ``legacy``.
        switches (dict[str, bool]): Fields of :class:`Protocol` to switch on
            or off in it.
        image_scores (dict[str, float]): Of :func:`score_images`.
        per_image_scores (dict): Further columns of the table of images:
            value by name of the image, by name of the column.
        features (str, optional): The network whose features FID and KID
            compare.
        ceiling (Column, optional): Scores of the real images.
        floor (Column, optional): Scores without a pose. If None, the same
            images are scored against the poses of other images.
        judge_ceiling (Column, optional): Scores of the judge on the images
            that it was made for.
        generation (dict, optional): Settings of the generator.
        seeds (list[int], optional): Of the generator.
        command (str): What was called.

    Returns:
        dict[str, Any]: The content of ``metrics.json``: ``metrics``,
        ``counts``, ``floor``, ``ceiling``, ``judge_ceiling``, ``judge``,
        ``protocol`` (name and all switches), ``features``, ``generation``,
        ``seeds``, ``versions``, ``command`` and ``created``. A score of
        nobody, NaN, is None.

    Raises:
        PreflightError: The protocol ends the evaluation, as the published
            scripts do for want of detections; or the folder cannot be
            written.
    """
    protocol = build_protocol(protocol_name, switches)
    scores, counts = _score(evaluation, protocol)
    scores.update(image_scores)
    counts |= {name: scores.pop(name) for name in COUNTS if name in scores}
    # A single image has no other whose poses it could take.
    if floor is None and len(evaluation.images) > 1:
        floor = _floor(evaluation, protocol)
    content = _json_ready(
        dict(
            metrics=scores,
            counts=counts,
            floor=_column(floor),
            ceiling=_column(ceiling),
            judge_ceiling=_column(judge_ceiling),
            judge=judge,
            protocol=dict(name=protocol_name, switches=asdict(protocol)),
            features=features,
            generation=generation,
            seeds=seeds,
            versions=_versions(),
            command=command,
            created=datetime.now(timezone.utc).isoformat(timespec='seconds'),
        )
    )
    rows = image_table(evaluation)
    poses = io.BytesIO()
    save_poses(poses, evaluation.images)
    page = page_of_run(content, evaluation, rows, title=Path(out_dir).name)
    text = json.dumps(content, indent=2, allow_nan=False) + '\n'
    files = {
        IMAGES: _csv(rows, per_image_scores),
        POSES: poses.getvalue(),
        PAGE: page.encode(),
        METRICS: text.encode(),
    }
    for name, data in files.items():
        write_file(data, Path(out_dir, name))
    return content


def _score(
    evaluation: Evaluation, protocol: Protocol
) -> tuple[dict[str, float], dict[str, Any]]:
    try:
        return score_evaluation(evaluation, protocol)
    except ValueError as error:
        if not protocol.fail_without_detections:
            raise
        raise PreflightError(str(error)) from error


def _floor(evaluation: Evaluation, protocol: Protocol) -> Column:
    images = shuffled(evaluation.images)
    scores, _ = _score(Evaluation(images, {}, len(images)), protocol)
    return Column(FLOOR, scores)


def _column(column: Column | None) -> dict | None:
    if column is None:
        return None
    scores = {k: v for k, v in column.scores.items() if k not in COUNTS}
    return dict(what=column.what, metrics=scores)


def _csv(rows: Sequence[dict], columns: Mapping[str, Mapping]) -> bytes:
    """The table of images with further columns; an absent value is empty."""
    names = ['name', 'status', 'reason', 'people', 'detections']
    names += ['people_count_error', 'oks', *columns]
    names += ['height', 'width', 'scenario', 'prompt']
    text = io.StringIO(newline='')
    writer = csv.DictWriter(text, names, lineterminator='\n')
    writer.writeheader()
    for row in rows:
        more = {key: of.get(row['name'], '') for key, of in columns.items()}
        writer.writerow({**row, **more})
    return text.getvalue().encode()


def _versions() -> dict[str, str]:
    from mmkbdm import __version__

    versions = dict(mmkbdm=__version__, python=platform.python_version())
    found = {name: installed_version(name) for name in PACKAGES}
    return versions | {name: text for name, text in found.items() if text}


def _json_ready(value):
    """Make plain what JSON knows nothing of; NaN and infinity are None."""
    if isinstance(value, Mapping):
        return {str(key): _json_ready(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_ready(one) for one in value]
    if hasattr(value, 'tolist'):  # of NumPy or torch
        return _json_ready(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    return str(value)
