"""The report of the ToyHuman experiment (ours)."""

import json
from pathlib import Path

from .report import (
    arms_table,
    by_seed,
    plot_cost,
    plot_questions,
    questions_table,
)
from .runs import ResultFile, RunError
from .toy_arms import DESCRIPTIONS, QUESTIONS

RESULTS = 'rmpg_toy.json'
COSTS = 'rmpg_toy_cost.json'
# What stands above it is written by hand and stays.
MARK = '<!-- below: python tools/benchmark/rmpg_toy.py report -->'
HEADER = """A difference is paired seed by seed, with Student's 95 % interval;
**bold** where that excludes zero over at least three seeds. `params` are those
in use, without the predictors that only training has; `MACs` and the factor of
`s/iteration` are relative to the host alone.
"""
TITLES = {
    'short': 'Host of short receptive field',
    'wide': 'Host whose receptive field covers the person',
    'long': 'Short receptive field, three times the iterations',
}


def write_report(folder: Path) -> Path:
    """Write ``rmpg_toy.md`` and its plots beside the results.

    Args:
        folder (Path): Holds the results, and the costs if they were measured.

    Returns:
        Path: The report.

    Raises:
        RunError: When there is no result.
    """
    file = ResultFile(folder / RESULTS)
    if not file.results:
        raise RunError(
            f'{file.path} holds no run: do some by python '
            'tools/benchmark/rmpg_toy.py run'
        )
    costs = {}
    if (folder / COSTS).exists():
        costs = json.loads((folder / COSTS).read_text())['arms']
    parts = [HEADER]
    for study, title in TITLES.items():
        results = file.of(study)
        if results:
            picture = folder / f'rmpg_toy_{study}.png'
            plot_questions(results, QUESTIONS, picture)
            parts += [
                f'## {title}\n',
                arms_table(results, DESCRIPTIONS, costs) + '\n',
                questions_table(results, QUESTIONS) + '\n',
                f'![Paired differences]({picture.name})\n',
            ]
    if costs and file.of('short'):
        plot_cost(file.of('short'), costs, folder / 'rmpg_toy_cost.png')
        parts.append('![AP against cost](rmpg_toy_cost.png)\n')
    if file.of('tune'):
        parts += ['## Learning rates\n', rates_table(file.of('tune')) + '\n']
    parts.append(_origin(file.results))
    target = folder / 'rmpg_toy.md'
    written = target.read_text() if target.exists() else ''
    reading = written.partition(MARK)[0].rstrip() or '# RMPG on ToyHuman'
    target.write_text('\n'.join([reading, '', MARK, '', *parts]))
    return target


def rates_table(results: list[dict]) -> str:
    """Markdown table of AP by arm and factor on the learning rate."""
    rates = sorted({result['lr'] for result in results})
    lines = [
        '| arm | ' + ' | '.join(f'x{rate:g}' for rate in rates) + ' |',
        '|' + '---|' * (len(rates) + 1),
    ]
    for arm in by_seed(results, 'coco/AP'):
        cells = [
            ', '.join(
                f'{r["coco/AP"]:.3f}'
                for r in results
                if r['config'].partition('_')[2] == arm and r['lr'] == rate
            )
            for rate in rates
        ]
        lines.append(f'| `{arm}` | {" | ".join(cells)} |')
    return '\n'.join(lines)


def _origin(results: list[dict]) -> str:
    commits = sorted({result['commit'] for result in results})
    machines = sorted({result['machine'] for result in results})
    return (
        f'{len(results)} runs at commit {", ".join(commits)} on '
        f'{"; ".join(machines)}.\n'
    )
