"""The report of the ToyHuman experiment (ours)."""

import json
from pathlib import Path

from .report import (
    arm_of,
    arms_table,
    by_seed,
    plot_cost,
    plot_questions,
    questions_table,
)
from .runs import ResultFile, RunError
from .toy_arms import DESCRIPTIONS, QUESTIONS
from .toy_plan import DEFAULTS, FAST_GATE, chosen_rates

RESULTS = 'rmpg_toy.json'
COSTS = 'rmpg_toy_cost.json'
# What an iteration takes, by device.
SECONDS = {'cpu': 'seconds', 'cuda': 'cuda_seconds'}
# What stands above it is written by hand and stays.
MARK = '<!-- below: python tools/benchmark/rmpg_toy.py report -->'
HEADER = """A difference is paired seed by seed, with Student's 95 % interval;
**bold** where that excludes zero over at least three seeds. `params` are those
in use, without the predictors that only training has; `MACs` and the factor of
`ms/iteration` are relative to the host alone; on a CPU it is one thread.
"""
DEVICES = {'cuda': 'on a GPU', 'cpu': 'on a CPU'}
TITLES = {
    'short': 'Host of short receptive field',
    'wide': 'Host whose receptive field covers the person',
    'long': 'Short receptive field, three times the iterations',
}

HOSTS = ('short', 'wide')
BOTH = 'Both hosts together'
WHAT_BOTH_ARE = """Every seed of either host is a pair, of arms that both have.
The questions are from before the results; to take the hosts together is from
after them."""


def write_report(folder: Path) -> Path:
    """Write ``rmpg_toy.md`` and its plots beside the results.

    Args:
        folder (Path): Holds the results, and the costs if they were measured.

    Returns:
        Path: The report.

    Raises:
        RunError: When there is no result.
    """
    file = ResultFile(folder / RESULTS, DEFAULTS)
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
        for device, results in tables(file.results, study).items():
            picture = folder / f'rmpg_toy_{study}_{device}.png'
            plot_questions(results, QUESTIONS, picture)
            parts += [
                f'## {title}, {DEVICES[device]}\n',
                arms_table(results, DESCRIPTIONS, costs, SECONDS[device])
                + '\n',
                questions_table(results, QUESTIONS) + '\n',
                f'![Paired differences]({picture.name})\n',
            ]
    for device, results in together(file.results).items():
        picture = folder / f'rmpg_toy_both_{device}.png'
        plot_questions(results, QUESTIONS, picture)
        parts += [
            f'## {BOTH}, {DEVICES[device]}\n',
            f'{WHAT_BOTH_ARE}\n',
            arms_table(results, DESCRIPTIONS, costs, SECONDS[device]) + '\n',
            questions_table(results, QUESTIONS) + '\n',
            f'![Paired differences]({picture.name})\n',
        ]
    compared = tables(file.results, 'short')
    if costs and compared:
        first = next(iter(compared.values()))
        plot_cost(first, costs, folder / 'rmpg_toy_cost.png')
        parts.append('![AP against cost](rmpg_toy_cost.png)\n')
    for device in DEVICES:
        results = of_device(file.results, 'tune', device)
        if results:
            parts += [
                f'## Learning rates, {DEVICES[device]}\n',
                rates_table(results, device) + '\n',
            ]
    parts.append(_origin(file.results))
    target = folder / 'rmpg_toy.md'
    written = target.read_text() if target.exists() else ''
    reading = written.partition(MARK)[0].rstrip() or '# RMPG on ToyHuman'
    target.write_text('\n'.join([reading, '', MARK, '', *parts]))
    return target


def of_device(results: list[dict], study: str, device: str) -> list[dict]:
    """Results of a study that were trained on a device."""
    return [
        result
        for result in ({**DEFAULTS, **r} for r in results)
        if (result['study'], result['device']) == (study, device)
    ]


def tables(results: list[dict], study: str) -> dict[str, list[dict]]:
    """Results of a study that make a table, by device.

    Only runs with the rates that were chosen are compared, and a device's
    runs are left out where the other has as many seeds of every arm.
    """
    found = {}
    for device in DEVICES:
        rates = chosen_rates(results, device)
        taken = [
            result
            for result in of_device(results, study, device)
            if (result['lr'], result['gate'])
            == rates.get(arm_of(result), (1.0, 1.0))
        ]
        counts = [by_seed(part, 'coco/AP') for part in found.values()]
        superseded = any(
            all(
                len(seeds) <= len(other.get(arm, ()))
                for arm, seeds in by_seed(taken, 'coco/AP').items()
            )
            for other in counts
        )
        if taken and not superseded:
            found[device] = taken
    return found


def together(results: list[dict]) -> dict[str, list[dict]]:
    """Results of both hosts by device, their seeds told apart by the host.

    Only arms that both hosts have; nothing where a host was not run.
    """
    hosts = [tables(results, study) for study in HOSTS]
    found = {}
    for device in DEVICES:
        parts = [host.get(device, []) for host in hosts]
        arms = set.intersection(*({arm_of(r) for r in part} for part in parts))
        if arms:
            found[device] = [
                {**result, 'seed': (result['study'], result['seed'])}
                for part in parts
                for result in part
                if arm_of(result) in arms
            ]
    return found


def rates_table(results: list[dict], device: str) -> str:
    """Markdown table of AP by arm and factors, the chosen ones bold."""
    rates = chosen_rates(results, device)
    pairs = sorted({(r['gate'], r['lr']) for r in results})
    titles = [
        f'x{lr:g}' + (f', gates x{FAST_GATE:g}' if gate != 1 else '')
        for gate, lr in pairs
    ]
    lines = [
        f'| arm | {" | ".join(titles)} |',
        '|' + '---|' * (len(pairs) + 1),
    ]
    for arm in by_seed(results, 'coco/AP'):
        cells = []
        for gate, lr in pairs:
            found = [
                f'{r["coco/AP"]:.3f}'
                for r in results
                if arm_of(r) == arm and (r['gate'], r['lr']) == (gate, lr)
            ]
            cell = ', '.join(found)
            cells.append(f'**{cell}**' if rates[arm] == (lr, gate) else cell)
        lines.append(f'| `{arm}` | {" | ".join(cells)} |')
    return '\n'.join(lines)


def _origin(results: list[dict]) -> str:
    commits = sorted({result['commit'] for result in results})
    machines = sorted({result['machine'] for result in results})
    return (
        f'{len(results)} runs at commit {", ".join(commits)} on '
        f'{"; ".join(machines)}.\n'
    )
