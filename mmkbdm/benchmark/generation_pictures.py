"""Plots and pictures of the toy generation experiment (ours)."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from .generation_arms import ARMS
from .generation_tables import by_arm

# Pixels of a picture on the page.
SIDE = 128
QUALITY = 88


def plot_guidance(results: Sequence[dict], path: Path) -> None:
    """Draw AP against guidance, and against FID, of the tuning poses.

    Args:
        results (Sequence[dict]): Of one study.
        path (Path): PNG file.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout='constrained')
    left, right = figure.subplots(1, 2, sharey=True)
    for number, arm in enumerate(by_arm(results)):
        sweeps = [r['sweep'] for r in results if r['config'] == arm]
        scales = sorted(
            set.intersection(*(set(one) for one in sweeps)), key=float
        )
        ap, fid = (
            np.array([[sweep[s][score] for s in scales] for sweep in sweeps])
            for score in ('AP', 'FID')
        )
        style = dict(color=f'C{number % 10}', marker='o', markersize=3)
        positions = [float(scale) for scale in scales]
        left.plot(positions, ap.mean(0), label=arm, **style)
        for seed in ap:
            left.plot(positions, seed, '.', color=style['color'], ms=3)
        right.plot(fid.mean(0), ap.mean(0), **style)
    left.set_xlabel('guidance')
    left.set_ylabel('AP')
    right.set_xlabel('FID (less is better)')
    figure.legend(loc='outside right upper', fontsize=7)
    for panel in (left, right):
        panel.grid(alpha=0.3)
    figure.suptitle(
        'Left: every seed and their mean. Right: means, along the scales',
        fontsize=9,
    )
    figure.savefig(path, dpi=110)


def draw_samples(
    pictures: dict[str, np.ndarray], path: Path, rows: int = 8
) -> None:
    """Draw condition | real | reconstruction | a column for each arm.

    Args:
        pictures (dict[str, np.ndarray]): By name of the column, uint8 (n, H,
            W, 3) RGB of the same poses.
        path (Path): JPEG file.
        rows (int): Poses at most. Defaults to 8.
    """
    names = ['condition', 'real', 'reconstructed', *ARMS]
    columns = {n: pictures[n][:rows] for n in names if n in pictures}
    count = min(len(images) for images in columns.values())
    gap, head = 4, 22
    width = len(columns) * (SIDE + gap) + gap
    page = np.full((head + count * (SIDE + gap), width, 3), 255, np.uint8)
    for column, (name, images) in enumerate(columns.items()):
        x = gap + column * (SIDE + gap)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(
            page, name, (x, 15), font, 0.4, (40, 40, 40), 1, cv2.LINE_AA
        )
        for row, image in enumerate(images[:count]):
            y = head + row * (SIDE + gap)
            page[y : y + SIDE, x : x + SIDE] = cv2.resize(
                image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
            )
    cv2.imwrite(
        str(path), page[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
