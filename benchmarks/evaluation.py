"""Speed and behaviour of the pose metrics: python benchmarks/evaluation.py

Prints Markdown: what AP, CAP and PCE of synthetic detections cost, CAP
against the loop over pairs that the published scripts are (the reference of
the tests), and what each of their quirks does to the scores. ``--plot`` draws
how the scores fall as the joints of perfect detections are moved. Needs NumPy
alone, for the plot matplotlib.

The clock is the processor time of the process, with one thread. Loop and
function take turns; the figures are medians over the turns.
"""

import argparse
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mmkbdm.evaluation.functional import (  # noqa: E402
    SWITCHES,
    Protocol,
    collect_poses,
    legacy,
    score_collected,
    score_poses,
    standard,
)

TESTS = ROOT / 'tests' / 'evaluation'
# In units of the height of the person.
PERTURBATIONS = (0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5, 1)


def parse_args() -> argparse.Namespace:
    """How much to measure, and where to draw."""
    parser = argparse.ArgumentParser(
        description='Speed and behaviour of the pose metrics'
    )
    parser.add_argument(
        '--images', type=int, default=4750, help='default: 4750, Human-Art'
    )
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument(
        '--plot', type=Path, metavar='PNG', help='draw the perturbed scores'
    )
    return parser.parse_args()


def load(name: str):
    """Import a module of the tests by its path below TESTS."""
    spec = importlib.util.spec_from_file_location(name, TESTS / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seconds_of(run: Callable[[], object]) -> float:
    """Processor time of one call."""
    start = time.process_time()
    run()
    return time.process_time() - start


def print_speed(lists: tuple, repeats: int) -> None:
    """Print seconds, and CAP's ratio to the loop over pairs."""
    loop = load('functional/legacy_loop').legacy_cap
    protocol = legacy(fail_without_detections=False)

    def cap(protocol: Protocol) -> float:
        collected = collect_poses(*lists, protocol=protocol)
        return score_collected(collected, ['CAP'], protocol=protocol)['CAP']

    runs = {
        'AP + CAP + PCE, standard': lambda: score_poses(*lists),
        'AP + CAP + PCE, legacy': lambda: score_poses(
            *lists, protocol=protocol
        ),
        'CAP, standard, suppression included': lambda: cap(standard()),
        'CAP, legacy': lambda: cap(protocol),
        'CAP, legacy, loop over pairs': lambda: loop(*lists),
    }
    difference = abs(loop(*lists) - cap(protocol))
    turns = [
        {name: seconds_of(run) for name, run in runs.items()}
        for _ in range(repeats)
    ]
    print('| what | seconds |\n|---|---|')
    for name in runs:
        print(f'| {name} | {statistics.median(t[name] for t in turns):.2f} |')
    ratio = statistics.median(
        turn['CAP, legacy, loop over pairs'] / turn['CAP, legacy']
        for turn in turns
    )
    print(
        f'\nThe loop takes {ratio:.1f} times as long as the function; their '
        f'results differ by {difference:.0e}.\n'
    )


def with_rare_cases(lists: tuple) -> tuple:
    """Add people of one joint, and mini-batches without people."""
    true, found, scores = ([*one] for one in lists)
    for i in range(50, len(true), 50):
        true[i] = true[i].copy()
        true[i][:1, 1:, 2] = 0
    for i in range(100, len(true) - 4, 100):
        true[i : i + 4] = [one[:0] for one in true[i : i + 4]]
    return true, found, scores


def print_quirks(lists: tuple) -> None:
    """Print what each switch does alone, and all together."""
    protocols = {'none (standard)': standard()}
    protocols.update({f'`{n}`': Protocol(**{n: True}) for n in SWITCHES})
    for name in ('empty_batch_is_minus_one', 'id_zero_never_matches'):
        switches = {'average_over_batches': True, name: True}
        protocols[' and '.join(f'`{one}`' for one in switches)] = Protocol(
            **switches
        )
    protocols['all (legacy)'] = legacy()
    keys = ('AP', 'CAP', 'PCE')
    print('| switched on | AP | CAP | PCE |\n|---|---|---|---|')
    base = None
    for name, protocol in protocols.items():
        try:
            result = score_poses(*lists, protocol=protocol)
        except ValueError as error:
            print(f'| {name} | {error} | | |')
            continue
        base = base or result
        cells = [
            f'{result[key]:.3f}'
            + (
                f' ({result[key] - base[key]:+.3f})'
                if round(result[key] - base[key], 3)
                else ''
            )
            for key in keys
        ]
        print(f'| {name} | {" | ".join(cells)} |')
    print()


def perturbed(true: list, share: float) -> dict[str, float]:
    """Score the truth, its joints moved by a share of the height."""
    rng = np.random.default_rng(0)
    found = []
    for poses in true:
        poses = poses.copy()
        noise = rng.normal(size=poses[..., :2].shape)
        height = np.ptp(poses[..., 1], axis=1).reshape(-1, 1, 1)
        poses[..., :2] += share * height * noise
        found.append(poses)
    return score_poses(true, found, [np.ones(len(one)) for one in found])


def print_perturbed(true: list, plot: Path | None) -> None:
    """Print scores against the perturbation, and draw them."""
    results = [perturbed(true, share) for share in PERTURBATIONS]
    print('| moved by, of the height | AP | CAP | PCE |\n|---|---|---|---|')
    for share, one in zip(PERTURBATIONS, results):
        print(
            f'| {share:g} | {one["AP"]:.3f} | {one["CAP"]:.3f} '
            f'| {one["PCE"]:.3f} |'
        )
    if plot is None:
        return
    import matplotlib

    matplotlib.use('agg')
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout='constrained')
    for name in ('AP', 'AP50', 'AP75', 'CAP', 'CAP75'):
        axes.plot(PERTURBATIONS, [one[name] for one in results], label=name)
    axes.set_xscale('symlog', linthresh=0.01)
    axes.set_xticks(PERTURBATIONS, [f'{x:g}' for x in PERTURBATIONS])
    axes.tick_params(axis='x', labelrotation=45)
    axes.minorticks_off()
    axes.set_xlabel('standard deviation of the joints, in heights')
    axes.set_ylabel('score')
    axes.set_ylim(0, 1.02)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(plot, dpi=120)


def main() -> None:
    """Print three tables."""
    args = parse_args()
    if args.plot and not args.plot.resolve().parent.is_dir():
        sys.exit(f'error: --plot {args.plot}: its folder does not exist')
    lists = load('synthetic_scenes').scenes(args.images)
    people, detections = (sum(map(len, one)) for one in lists[:2])
    print(
        f'NumPy {np.__version__}, {args.images} images, {people} people, '
        f'{detections} detections\n'
    )
    print_speed(lists, args.repeats)
    print_quirks(with_rare_cases(lists))
    print_perturbed(lists[0], args.plot)


if __name__ == '__main__':
    main()
