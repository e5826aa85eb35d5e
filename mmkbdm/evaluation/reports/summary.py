"""Scores of several runs that differ in their seed alone (ours)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmkbdm.apis.output import write_file

from .glossary import shown

SUMMARY = 'summary.json'


def write_summary(out_dir: str | Path, reports: Mapping[str, dict]) -> dict:
    """Write mean and spread of the scores of several reports.

    Args:
        out_dir (str | Path): Folder of ``summary.json``.
        reports (Mapping[str, dict]): Content of each ``metrics.json``, by
            name of its folder.

    Returns:
        dict: ``reports`` (names) and ``metrics``: of every score ``mean``,
        ``std`` (of the sample, None for a single run) and ``n``, the runs in
        which it is a number.
    """
    metrics = [content['metrics'] for content in reports.values()]
    names = dict.fromkeys(name for one in metrics for name in one)
    content = dict(
        reports=list(reports),
        metrics={
            name: _spread([one.get(name) for one in metrics]) for name in names
        },
    )
    text = json.dumps(content, indent=2, allow_nan=False) + '\n'
    write_file(text.encode(), Path(out_dir, SUMMARY))
    return content


def summary_lines(summary: dict, names: Sequence[str]) -> list[str]:
    """Return lines of text with the mean and spread of some scores.

    Args:
        summary (dict): Of :func:`write_summary`.
        names (Sequence[str]): Scores, in order.
    """
    lines = [f'{"score":<32} {"mean":>10} {"std":>10} {"runs":>5}']
    for name in names:
        one = summary['metrics'].get(name, {})
        cells = [shown(one.get(key), name) or 'n/a' for key in ('mean', 'std')]
        lines.append(
            f'{name:<32} {cells[0]:>10} {cells[1]:>10} {one.get("n", 0):>5}'
        )
    return lines


def _spread(values: Sequence[float | None]) -> dict:
    numbers = [value for value in values if value is not None]
    return dict(
        mean=float(np.mean(numbers)) if numbers else None,
        std=float(np.std(numbers, ddof=1)) if len(numbers) > 1 else None,
        n=len(numbers),
    )
