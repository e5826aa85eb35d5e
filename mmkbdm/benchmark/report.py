"""Tables and plots of arms compared over seeds (ours)."""

import statistics
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .statistics import Comparison, paired

METRICS = {
    'coco/AP': 'AP',
    'occluded/AP': 'AP occluded',
    'swap/rate': 'left/right swaps',
}


def arm_of(result: Mapping) -> str:
    """Arm of a result, the config without its host."""
    return result['config'].partition('_')[2]


def by_seed(results: list[dict], metric: str) -> dict[str, dict[int, float]]:
    """Arrange results as {arm: {seed: value}}."""
    table: dict[str, dict[int, float]] = {}
    for result in results:
        table.setdefault(arm_of(result), {})[result['seed']] = result[metric]
    return table


def arms_table(
    results: list[dict],
    arms: Mapping[str, str],
    costs: Mapping[str, dict],
    seconds: str = 'seconds',
    reference: str = 'none',
) -> str:
    """Markdown table of all arms beside the reference.

    Args:
        results (list[dict]): Results of one study.
        arms (Mapping[str, str]): Arms in order, with what they are.
        costs (Mapping[str, dict]): ``params``, ``macs`` and the seconds of
            an iteration, by arm.
        seconds (str): Name of these in ``costs``. Defaults to ``seconds``.
        reference (str): Arm of the paired differences. Defaults to none.
    """
    tables = {metric: by_seed(results, metric) for metric in METRICS}
    names = list(METRICS.values())
    head = ['arm', 'what', 'params', 'MACs', 'ms/iteration']
    head += [f'{name}, mean ± sd' for name in names]
    head += [f'{name}, difference [95 %]' for name in names[:2]]
    head += ['AP of every seed']
    lines = [_row(head), _row(['---'] * len(head))]
    for arm, what in arms.items():
        if arm not in tables['coco/AP']:
            continue
        cells = [
            f'`{arm}`',
            what,
            *_cost_cells(costs, seconds, arm, reference),
        ]
        for table in tables.values():
            cells.append(_mean(table[arm]))
        for metric in list(METRICS)[:2]:
            table = tables[metric]
            if arm == reference or not _comparable(table, arm, reference):
                cells.append('')
            else:
                cells.append(interval(paired(table[arm], table[reference])))
        seeds = sorted(tables['coco/AP'][arm].items())
        cells.append(' '.join(_short(value) for _, value in seeds))
        lines.append(_row(cells))
    return '\n'.join(lines)


def questions_table(
    results: list[dict], questions: Mapping[str, tuple[str, str]]
) -> str:
    """Markdown table of paired differences, one row a question.

    Args:
        results (list[dict]): Results of one study.
        questions (Mapping[str, tuple[str, str]]): Arm and reference of each
            question.
    """
    tables = {metric: by_seed(results, metric) for metric in METRICS}
    head = ['question', 'difference of', 'seeds', *METRICS.values()]
    lines = [_row(head), _row(['---'] * len(head))]
    for question, (arm, reference) in questions.items():
        if not _comparable(tables['coco/AP'], arm, reference):
            continue
        pairs = [paired(t[arm], t[reference]) for t in tables.values()]
        lines.append(
            _row(
                [
                    question,
                    f'`{arm}` - `{reference}`',
                    str(pairs[0].count),
                    *[interval(pair) for pair in pairs],
                ]
            )
        )
    return '\n'.join(lines)


def interval(pair: Comparison) -> str:
    """Difference and interval; bold when the interval excludes zero."""
    if pair.count < 2:
        return f'{pair.mean:+.3f}'
    text = f'{pair.mean:+.3f} ± {pair.half:.3f}'
    return f'**{text}**' if pair.clear else text


def plot_questions(
    results: list[dict],
    questions: Mapping[str, tuple[str, str]],
    path: Path,
) -> None:
    """Draw the paired differences in AP with their intervals, and the seeds.

    Args:
        results (list[dict]): Results of one study.
        questions (Mapping[str, tuple[str, str]]): Arm and reference of each
            question.
        path (Path): PNG file.
    """
    from matplotlib.figure import Figure

    tables = [by_seed(results, metric) for metric in list(METRICS)[:2]]
    asked = [
        (question, arm, reference)
        for question, (arm, reference) in questions.items()
        if _comparable(tables[0], arm, reference)
    ]
    figure = Figure(
        figsize=(11, 1.2 + 0.36 * len(asked)), layout='constrained'
    )
    axes = figure.subplots(1, 2, sharey=True)
    for panel, table, name in zip(axes, tables, METRICS.values()):
        panel.axvline(0, color='0.6', linewidth=1)
        for place, (_, arm, reference) in enumerate(asked):
            pair = paired(table[arm], table[reference])
            colour = 'C0' if pair.clear else '0.5'
            panel.errorbar(
                pair.mean,
                place,
                xerr=None if pair.count < 3 else pair.half,
                fmt='o',
                color=colour,
                capsize=3,
            )
            shared = set(table[arm]) & set(table[reference])
            each = [table[arm][s] - table[reference][s] for s in shared]
            panel.plot(
                each, np.full(len(each), place), '|', color='k', markersize=7
            )
        panel.set_xlabel(f'difference in {name}')
        panel.locator_params(axis='x', nbins=5)
        panel.grid(axis='x', alpha=0.3)
    axes[0].set_yticks(
        range(len(asked)),
        [f'{question}\n{arm} - {ref}' for question, arm, ref in asked],
        fontsize=7,
    )
    # Downwards; also a few rows lie clear of the frame.
    axes[0].set_ylim(len(asked) - 0.5, -0.5)
    figure.suptitle(
        'Paired differences over seeds: each seed |, mean and 95 % interval '
        '(blue: excludes zero)',
        fontsize=9,
    )
    figure.savefig(path, dpi=110)


def plot_cost(
    results: list[dict], costs: Mapping[str, dict], path: Path
) -> None:
    """Draw AP against the multiply-accumulates of every arm.

    Args:
        results (list[dict]): Results of one study.
        costs (Mapping[str, dict]): ``macs`` of an image by arm.
        path (Path): PNG file.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout='constrained')
    panel = figure.subplots()
    for arm, values in by_seed(results, 'coco/AP').items():
        if arm not in costs:
            continue
        macs = costs[arm]['macs'] / 1e6
        seeds = list(values.values())
        panel.plot([macs] * len(seeds), seeds, '|', color='0.5')
        panel.plot(macs, statistics.mean(seeds), 'o', color='C0', ms=4)
        panel.annotate(
            arm,
            (macs, statistics.mean(seeds)),
            xytext=(4, 2),
            textcoords='offset points',
            fontsize=7,
        )
    panel.set_xlabel('million multiply-accumulates of an image')
    # Room for the name of the rightmost arm.
    panel.margins(x=0.15)
    panel.set_ylabel('AP on ToyHuman')
    panel.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def _comparable(table: Mapping, arm: str, reference: str) -> bool:
    """Whether two arms share a seed; an experiment may have been cut."""
    return bool(set(table.get(arm, ())) & set(table.get(reference, ())))


def _cost_cells(
    costs: Mapping[str, dict], seconds: str, arm: str, reference: str
) -> list[str]:
    cost, base = costs.get(arm), costs.get(reference)
    if cost is None or base is None:
        return ['', '', '']
    time = ''
    if seconds in cost and seconds in base:
        factor = cost[seconds] / base[seconds]
        time = f'{1e3 * cost[seconds]:.0f} ({factor:.2f}x)'
    return [
        f'{cost["params"] / 1e6:.2f} M',
        f'{cost["macs"] / base["macs"]:.2f}x',
        time,
    ]


def _mean(values: Mapping[int, float]) -> str:
    seeds = list(values.values())
    if len(seeds) < 2:
        return _short(seeds[0])
    return f'{_short(statistics.mean(seeds))} ± {statistics.stdev(seeds):.3f}'


def _short(value: float) -> str:
    return f'{value:.3f}'.removeprefix('0')


def _row(cells: list[str]) -> str:
    return f'| {" | ".join(cells)} |'
