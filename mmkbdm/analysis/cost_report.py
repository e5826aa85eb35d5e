"""What was measured, as Markdown, JSON and a plot (ours).

A report is a dict of plain values:

- ``environment``: see :func:`environment`;
- ``hosts``: a list of ``config``, ``input_size`` (width, height),
  ``networks`` (``variant``, ``params``, ``macs``, ``forward_bytes``,
  ``saved_bytes``, on CUDA ``cuda_bytes``, all for one image) and ``latency``
  (``variant``, ``batch_size``, ``dtype``, ``compiled``, ``seconds`` of every
  repeat, their ``median``, ``images_per_second``, and ``ratio`` to the base
  with ``median``, ``lower`` and ``upper`` quartile).
"""

import datetime
import math
import platform
import shlex
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from mmengine.fileio import dump

import mmkbdm
from mmkbdm.analysis.latency import Mode
from mmkbdm.analysis.timing import Spread, pairwise_ratio
from mmkbdm.analysis.variants import BASE
from mmkbdm.engine.atomic_backend import AtomicLocalBackend

MARKERS = {'lite': 'o', 'default': 's', 'paper-size': '^', 'own': 'D'}


def environment(device: str) -> dict:
    """Versions, machine, command, date and commit of a measurement.

    Args:
        device (str): cpu or cuda.

    Returns:
        dict: Plain values; ``commit`` is None where git does not know.
    """
    cuda = torch.device(device).type == 'cuda'
    return {
        'mmkbdm': mmkbdm.__version__,
        'commit': _commit(),
        'torch': torch.__version__,
        'device': torch.cuda.get_device_name(device) if cuda else _cpu(),
        'threads': torch.get_num_threads(),
        'date': datetime.date.today().isoformat(),
        'command': shlex.join(['python', *sys.argv]),
    }


def latency_rows(mode: Mode, seconds: dict[str, list[float]]) -> list[dict]:
    """Rows of ``latency`` from the measurements of one mode.

    Args:
        mode (Mode): How the networks were run.
        seconds (dict[str, list[float]]): By variant, ``base`` among them.
    """
    rows = []
    for variant, values in seconds.items():
        median = Spread.of(values).median
        rows.append(
            dict(
                variant=variant,
                **asdict(mode),
                seconds=values,
                median=median,
                images_per_second=mode.batch_size / median,
                ratio=asdict(pairwise_ratio(values, seconds[BASE])),
            )
        )
    return rows


def to_markdown(report: dict) -> str:
    """Two tables: what is counted, and what is timed."""
    env = report['environment']
    lines = [
        f'torch {env["torch"]}, {env["device"]}, {env["threads"]} threads, '
        f'{env["date"]}, commit {env["commit"]}',
        '',
        '| config | neck | params | GMAC | MAC ratio | forward MB | saved MB '
        '|',
        '|---|---|---|---|---|---|---|',
    ]
    for host in report['hosts']:
        for row in host['networks']:
            lines.append(
                f'| {_stem(host)} | {row["variant"]} | '
                f'{row["params"] / 1e6:.2f} M | {row["macs"] / 1e9:.2f} | '
                f'{_mac_ratio(host, row["variant"]):.2f} | '
                f'{row["forward_bytes"] / 1e6:.1f} | '
                f'{row["saved_bytes"] / 1e6:.1f} |'
            )
    lines += [
        '',
        '| config | batch | mode | neck | ms | images/s | ratio (quartiles) '
        '| MAC ratio |',
        '|---|---|---|---|---|---|---|---|',
    ]
    for host in report['hosts']:
        for row in host['latency']:
            ratio = row['ratio']
            lines.append(
                f'| {_stem(host)} | {row["batch_size"]} | {_mode(row)} | '
                f'{row["variant"]} | {1e3 * row["median"]:.1f} | '
                f'{row["images_per_second"]:.1f} | {ratio["median"]:.2f} '
                f'({ratio["lower"]:.2f}-{ratio["upper"]:.2f}) | '
                f'{_mac_ratio(host, row["variant"]):.2f} |'
            )
    return '\n'.join(lines)


def write_json(report: dict, path: str) -> None:
    """Write a report; the file is whole or as it was."""
    AtomicLocalBackend().put_text(
        dump(report, file_format='json', indent=1), path
    )


def plot(report: dict, path: str) -> None:
    """Draw latency ratio against MAC ratio, one panel for each mode.

    Args:
        report (dict): With at least one host.
        path (str): PNG file.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    modes = list(
        dict.fromkeys(
            (row['batch_size'], _mode(row))
            for host in report['hosts']
            for row in host['latency']
        )
    )
    columns = min(3, len(modes))
    lines = math.ceil(len(modes) / columns)
    height = 4.2 * lines + 0.5 + 0.1 * len(report['hosts'])
    figure = Figure(figsize=(max(6, 4.6 * columns), height))
    figure.set_layout_engine('constrained')
    panels = figure.subplots(lines, columns, squeeze=False).flatten()
    for panel in panels[len(modes) :]:
        panel.set_axis_off()
    for panel, (batch_size, mode) in zip(panels, modes):
        panel.set_title(f'batch {batch_size}, {mode}')
        panel.set_xlabel('multiply-accumulates, ratio to the host')
        panel.set_ylabel('latency, ratio to the host (quartiles)')
        panel.axline((1, 1), slope=1, color='grey', lw=1)
        panel.axline((1, 1.1), slope=1.1, color='grey', lw=1, ls='--')
        for number, host in enumerate(report['hosts']):
            for row in host['latency']:
                here = (row['batch_size'], _mode(row)) == (batch_size, mode)
                if here and row['variant'] != BASE:
                    _draw(panel, host, row, _colour(number))
    hosts = enumerate(report['hosts'])
    keys = [
        Line2D([], [], color=_colour(n), lw=4, label=_stem(h))
        for n, h in hosts
    ]
    keys += [
        Line2D([], [], color='black', ls='', marker=marker, label=variant)
        for variant, marker in MARKERS.items()
    ]
    keys += [
        Line2D([], [], color='grey', ls=style, label=label)
        for style, label in (('-', 'equal'), ('--', '1.1 x'))
    ]
    figure.legend(
        handles=keys,
        loc='outside lower center',
        ncols=columns + 1,
        fontsize='small',
    )
    figure.savefig(path + '.part', format='png', dpi=120)
    Path(path + '.part').replace(path)


def _draw(panel, host: dict, row: dict, colour) -> None:
    ratio = row['ratio']
    y = ratio['median']
    panel.errorbar(
        _mac_ratio(host, row['variant']),
        y,
        [[y - ratio['lower']], [ratio['upper'] - y]],
        color=colour,
        fmt=MARKERS[row['variant']],
        ms=5,
        elinewidth=1,
    )


def _colour(number: int):
    from matplotlib import colormaps

    return colormaps['tab20'].colors[number * 2 % 20 + number // 10 % 2]


def _mac_ratio(host: dict, variant: str) -> float:
    macs = {row['variant']: row['macs'] for row in host['networks']}
    return macs[variant] / macs[BASE]


def _mode(row: dict) -> str:
    return row['dtype'] + (', compiled' if row['compiled'] else '')


def _stem(host: dict) -> str:
    return Path(host['config']).stem


def _cpu() -> str:
    """Name of the processor, where Linux tells it."""
    info = Path('/proc/cpuinfo')
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """Commit of the package, ``-dirty`` with changes; None if not in git."""
    folder = Path(mmkbdm.__file__).parent

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ['git', *words], cwd=folder, capture_output=True, text=True
            )
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    # An environment may lie inside the checkout of something else.
    if git('ls-files', '--error-unmatch', '__init__.py') is None:
        return None
    return git('describe', '--always', '--dirty', '--exclude', '*')
