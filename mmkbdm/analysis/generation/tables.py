"""Tables and a plot of what generators cost (ours)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from .parameters import PAPER_FILM, PAPER_MORE, in_all
from .sampling_cost import IMAGE_STEPS, REFERENCE

GIB = 2**30


def table(header: Sequence[str], rows: Sequence[Sequence]) -> str:
    """Lay out a Markdown table."""
    lines = [header, ['---'] * len(header), *rows]
    return ''.join(f'| {" | ".join(map(str, line))} |\n' for line in lines)


def parameters_table(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Compare the parameters of methods, part by part.

    Args:
        counts (Mapping[str, Mapping[str, int]]): By method and part.
    """
    parts = next(iter(counts.values()))
    rows = [
        [
            part,
            *(
                f'{one[part]:,}' if one[part] else ''
                for one in counts.values()
            ),
        ]
        for part in parts
    ]
    beside = [in_all(one) for one in counts.values()]
    rows.append(['all but the frozen', *(f'{n:,}' for n in beside)])
    if 'Stable-Pose-style' in counts:
        base = in_all(counts['Stable-Pose-style'])
        more = [f'{(n - base) / 1e6:+.2f} M' for n in beside]
        rows.append(['over Stable-Pose-style', *more])
    note = (
        f'\nThe paper says +{PAPER_MORE / 1e6:.0f} M over Stable-Pose, '
        f'{PAPER_FILM / 1e6:.1f} M of it FiLM.\n'
    )
    return table(['part', *counts], rows) + note


def sampling_table(rows: Sequence[Mapping]) -> str:
    """List time, throughput and memory of sampling."""
    header = [
        'image', 'batch', 'method', 'step, ms', f'to {REFERENCE}',
        f'{IMAGE_STEPS} steps, s', 'measured, s', 'images/s',
        'weights, GiB', 'peak of steps, GiB', f'to {REFERENCE}',
        'peak of all, GiB',
    ]  # fmt: skip
    peaks = {
        _where(row): row['weights_bytes'] + row['step_bytes']
        for row in rows
        if row['name'] == REFERENCE
    }
    cells = []
    for row in rows:
        peak = row['weights_bytes'] + row['step_bytes']
        whole = row['weights_bytes'] + row['call_bytes']
        base = peaks.get(_where(row))
        full = row.get('full_seconds')
        cells.append(
            [
                row['size'],
                row['batch_size'],
                row['name'],
                f'{1e3 * row["step"]["median"]:.1f}',
                _spread(row.get('ratio')),
                f'{row["image_seconds"]:.2f}',
                f'{full:.2f}' if full else '',
                f'{row["images_per_second"]:.3g}',
                f'{row["weights_bytes"] / GIB:.2f}',
                f'{peak / GIB:.2f}',
                f'{peak / base:.3f}' if base else '',
                f'{max(peak, whole) / GIB:.2f}',
            ]
        )
    return table(header, cells)


def goals_table(rows: Sequence[Mapping], goal: float = 1.05) -> str:
    """Say where KB-DMGen's steps stay within a multiple of ControlNet's.

    Args:
        rows (Sequence[Mapping]): Of sampling.
        goal (float): Most that time and memory may be. Defaults to 1.05.
    """
    base = {_where(row): row for row in rows if row['name'] == REFERENCE}
    cells = []
    for row in rows:
        if not row['name'].startswith('KB-DMGen') or _where(row) not in base:
            continue
        memory, base_memory = (
            one['weights_bytes'] + one['step_bytes']
            for one in (row, base[_where(row)])
        )
        ratios = row['ratio']['median'], memory / base_memory
        verdicts = ['reached' if r <= goal else 'missed' for r in ratios]
        cells.append(
            [
                row['name'],
                row['size'],
                row['batch_size'],
                *(f'{r:.3f}: {v}' for r, v in zip(ratios, verdicts)),
            ]
        )
    header = ['method', 'image', 'batch']
    header += [f'{what}, at most {goal:g}' for what in ('time', 'memory')]
    return table(header, cells)


def setting_line(setting: Mapping) -> str:
    """Say what something was measured on."""
    on_cpu = setting['device'] == 'cpu'
    threads = f' with {setting["threads"]} threads' if on_cpu else ''
    kind = {'sd15': 'Stable Diffusion 1.5', 'toy': 'the toy base'}
    return (
        f'*Measured here*: {setting["device"]}{threads}, torch '
        f'{setting["torch"]}, {setting["dtype"]}, architecture of '
        f'{kind[setting["architecture"]]}, {setting["steps"]} steps a call.\n'
    )


def operations_table(operations: Mapping[str, int]) -> str:
    """List how many operations a step runs."""
    base = operations.get(REFERENCE)
    rows = [
        [name, number, f'{number / base:.3f}' if base else '']
        for name, number in operations.items()
    ]
    return table(['method', 'operations a step', f'to {REFERENCE}'], rows)


def training_table(rows: Sequence[Mapping]) -> str:
    """List time and memory of training."""
    header = [
        'image', 'batch', 'method', 'step, s', f'to {REFERENCE}',
        'weights, GiB', 'peak, GiB', f'to {REFERENCE}',
    ]  # fmt: skip
    cells = []
    for row in rows:
        [base] = [
            one
            for one in rows
            if one['name'] == REFERENCE and _where(one) == _where(row)
        ] or [row]
        peak, base_peak = (
            one['weights_bytes'] + one.get('train_bytes', 0)
            for one in (row, base)
        )
        known = 'train_bytes' in row
        cells.append(
            [
                row['size'],
                row['batch_size'],
                row['name'],
                f'{row["step_seconds"]:.3f}',
                f'{row["step_seconds"] / base["step_seconds"]:.3f}',
                f'{row["weights_bytes"] / GIB:.2f}',
                f'{peak / GIB:.2f}' if known else '',
                f'{peak / base_peak:.3f}' if known else '',
            ]
        )
    return table(header, cells)


def plot(rows: Sequence[Mapping], path: str | Path) -> None:
    """Draw the time of a step and the peak memory of every setting."""
    import matplotlib

    matplotlib.use('agg')
    from matplotlib import pyplot

    settings = list(dict.fromkeys(map(_where, rows)))
    names = list(dict.fromkeys(row['name'] for row in rows))
    figure, axes = pyplot.subplots(
        1, 2, figsize=(9, 1.2 + 0.28 * len(settings) * len(names)),
        layout='constrained', sharey=True,
    )  # fmt: skip
    height = 0.8 / len(names)
    for number, name in enumerate(names):
        own = [row for row in rows if row['name'] == name]
        places = [settings.index(_where(row)) + height * number for row in own]
        steps = [1e3 * row['step']['median'] for row in own]
        peaks = [
            (row['weights_bytes'] + row['step_bytes']) / GIB for row in own
        ]
        axes[0].barh(places, steps, height, label=name)
        axes[1].barh(places, peaks, height)
    axes[0].set_yticks(
        [i + 0.4 - height / 2 for i in range(len(settings))],
        [f'{size} px, batch {batch}' for size, batch in settings],
    )
    axes[0].invert_yaxis()
    axes[0].set_xlabel('ms of a step')
    axes[1].set_xlabel('GiB at the peak of the steps')
    figure.legend(fontsize='small', loc='outside upper center', ncols=3)
    for one in axes:
        one.grid(axis='x', alpha=0.3)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def filled(page: str, tables: Mapping[str, str]) -> str:
    """Put tables into the places of a page that are marked for them.

    Args:
        page (str): Markdown; the place of a table is between the lines
            ``<!-- name -->`` and ``<!-- end name -->``.
        tables (Mapping[str, str]): By name; those that the page has no
            place for are left out.
    """
    for name, text in tables.items():
        start, end = f'<!-- {name} -->\n', f'<!-- end {name} -->'
        before, found, rest = page.partition(start)
        _, closed, after = rest.partition(end)
        if found and closed:
            page = f'{before}{start}\n{text}\n{end}{after}'
    return page


def _where(row: Mapping) -> tuple[int, int]:
    return row['size'], row['batch_size']


def _spread(ratio: Mapping | None) -> str:
    if ratio is None:
        return ''
    return '{median:.3f} [{lower:.3f}, {upper:.3f}]'.format(**ratio)
