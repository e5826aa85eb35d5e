"""Charts as SVG, drawn without a library so that they stay text (ours)."""

from collections.abc import Sequence

import numpy as np

from .html import Html, element

WIDTH, HEIGHT = 480, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 14, 40
COLOURS = ('#2563a8', '#c2571a', '#14713d')


def histogram(values: np.ndarray, label: str, bins: int = 20) -> Html:
    """Draw how many values of [0, 1] lie where.

    Args:
        values (np.ndarray): (N, ).
        label (str): Below the chart.
        bins (int): Defaults to 20.
    """
    counts, edges = np.histogram(values, bins, (0, 1))
    most = _round_up(counts.max(initial=1))
    bars = [
        element(
            'rect',
            element('title', f'{low:.2f} to {high:.2f}: {count}'),
            class_='bar',
            x=_n(_x(low) + 0.75),
            y=_n(_y(count / most)),
            width=_n(_x(high) - _x(low) - 1.5),
            height=_n(_y(0) - _y(count / most)),
        )
        for count, low, high in zip(counts, edges, edges[1:])
        if count
    ]
    ticks = [(share, f'{share * most:g}') for share in (0, 0.5, 1)]
    return _chart(bars, ticks, label, 'people')


def curves(
    lines: dict[str, tuple[np.ndarray, np.ndarray]], label: str, side: str
) -> Html:
    """Draw lines over [0, 1] x [0, 1].

    Args:
        lines (dict): (N, ) x and (N, ) y of at most three lines by name.
        label (str): Below the chart.
        side (str): Beside the vertical axis.
    """
    content = []
    for i, (name, (x, y)) in enumerate(lines.items()):
        points = ' '.join(f'{_n(_x(a))},{_n(_y(b))}' for a, b in zip(x, y))
        height = _y(0) - 12 - 17 * (len(lines) - 1 - i)
        content += [
            element(
                'polyline', class_='line', stroke=COLOURS[i], points=points
            ),
            element(
                'line',
                class_='line',
                stroke=COLOURS[i],
                x1=LEFT + 12,
                x2=LEFT + 32,
                y1=_n(height - 4),
                y2=_n(height - 4),
            ),
            element('text', name, x=LEFT + 38, y=_n(height)),
        ]
    ticks = [(share, f'{share:g}') for share in (0, 0.25, 0.5, 0.75, 1)]
    return _chart(content, ticks, label, side)


def _chart(
    content: Sequence[Html],
    ticks: Sequence[tuple[float, str]],
    label: str,
    side: str,
) -> Html:
    """Put content between axes; the horizontal one runs from 0 to 1."""
    grid = [
        element(
            'line',
            class_='grid' if share else 'axis',
            x1=LEFT,
            x2=WIDTH - RIGHT,
            y1=_n(_y(share)),
            y2=_n(_y(share)),
        )
        for share, _ in ticks
    ]
    words = [
        element(
            'text', text, x=LEFT - 6, y=_n(_y(share) + 4), text_anchor='end'
        )
        for share, text in ticks
    ]
    words += [
        element('text', f'{x:g}', x=_n(_x(x)), y=_n(_y(0) + 16),
                text_anchor='middle')
        for x in (0, 0.25, 0.5, 0.75, 1)
    ]  # fmt: skip
    middle = (LEFT + WIDTH - RIGHT) / 2
    words += [
        element('text', label, x=middle, y=HEIGHT - 6, text_anchor='middle'),
        element(
            'text',
            side,
            transform=f'translate(11 {_n(_y(0.5))}) rotate(-90)',
            text_anchor='middle',
        ),
    ]
    return element(
        'svg',
        *grid,
        *content,
        *words,
        viewBox=f'0 0 {WIDTH} {HEIGHT}',
        role='img',
        aria_label=f'{side} over {label}',
    )


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _n(value: float) -> str:
    return f'{value:.1f}'


def _round_up(value: int) -> int:
    """Return the next of 2, 4, 6, 8, 10, 20, 40, ..."""
    power = 10 ** int(np.log10(max(value, 1)))
    steps = (s * power for s in (1, 2, 4, 6, 8, 10))
    return max(2, next(step for step in steps if step >= value))
