"""Does RMPG earn its cost? Train all arms on ToyHuman and report.

Example:
    python tools/benchmark/rmpg_toy.py run --jobs 2
    python tools/benchmark/rmpg_toy.py cost
    python tools/benchmark/rmpg_toy.py report

A finished run is kept in the result file; an interrupted experiment goes on
with the same command.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.benchmark.runs import ResultFile, Run, RunError, Trainer, run_all
from mmkbdm.benchmark.toy_arms import ARMS, HOSTS, ITERS
from mmkbdm.benchmark.toy_report import COSTS, RESULTS, write_report

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = Path('configs/rmpg/toyhuman')
TUNING_SEED = 100
DATA = Path('data/toyhuman_experiment')
# Rates are chosen on other people than the arms are compared on.
TUNING_DATA = Path('data/toyhuman')


def parse_args(argv=None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        description='Train RMPG, its variants and its controls on ToyHuman, '
        'several seeds each, and write the comparison',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        'action',
        choices=('run', 'cost', 'report'),
        help='train; measure parameters, MACs and seconds an iteration; write '
        'the report',
    )
    parser.add_argument(
        '--studies',
        nargs='+',
        choices=tuple(ARMS),
        default=['short', 'wide', 'long'],
        help='host of short or wide receptive field, a long schedule, or the '
        'choice of the learning rate',
    )
    parser.add_argument('--arms', nargs='+', help='only these')
    parser.add_argument(
        '--seeds', nargs='+', type=int, default=[0, 1, 2], help='seeds'
    )
    parser.add_argument(
        '--rates',
        nargs='+',
        type=float,
        default=[0.5, 1.0, 2.0],
        help="factors on the config's learning rate for the study tune",
    )
    parser.add_argument(
        '--jobs', type=int, default=2, help='processes of one thread each'
    )
    parser.add_argument(
        '--repeats', type=int, default=15, help='rounds of timing for cost'
    )
    parser.add_argument(
        '--work-dir',
        default=str(ROOT / 'work_dirs' / 'rmpg_toy'),
        help='logs, checkpoints',
    )
    parser.add_argument(
        '--out',
        default=str(ROOT / 'docs' / 'benchmarks'),
        help='folder of rmpg_toy.json, the finished runs, and the report',
    )
    return parser.parse_args(argv)


def plan(args: argparse.Namespace) -> list[Run]:
    """List the runs of an experiment, seed by seed.

    Raises:
        PreflightError: On an arm that no chosen study has.
    """
    known = {arm for study in args.studies for arm in ARMS[study]}
    for arm in args.arms or ():
        if arm not in known:
            raise PreflightError(
                f'--arms {arm}: the studies {" ".join(args.studies)} have '
                f'{", ".join(sorted(known))}'
            )

    def runs(study: str, seed: int, rate: float) -> list[Run]:
        return [
            Run(study, f'{HOSTS[study]}_{arm}', seed, rate, ITERS[study])
            for arm in ARMS[study]
            if not args.arms or arm in args.arms
        ]

    planned = []
    if 'tune' in args.studies:
        for rate in args.rates:
            planned += runs('tune', TUNING_SEED, rate)
    for seed in args.seeds:
        for study in args.studies:
            if study != 'tune':
                planned += runs(study, seed, 1.0)
    return planned


def data_of(run: Run) -> Path:
    """Folder of the people that a run trains and is judged on."""
    return TUNING_DATA if run.study == 'tune' else DATA


def options(run: Run) -> list[str]:
    """Translate a run to options of tools/train.py."""
    from mmengine.config import Config

    cfg = Config.fromfile(CONFIGS / f'{run.config}.py')
    data = data_of(run)
    return [
        f'randomness.seed={run.seed}',
        f'optim_wrapper.optimizer.lr={cfg.optim_wrapper.optimizer.lr * run.lr}',  # noqa: E501
        f'train_cfg.max_iters={run.iters}',
        f'train_cfg.val_interval={run.iters}',
        f'param_scheduler.1.T_max={run.iters}',
        f'default_hooks.checkpoint.interval={run.iters}',
        f'train_dataloader.dataset.data_root={data}/',
        f'val_dataloader.dataset.data_root={data}/',
        f'val_evaluator.0.ann_file={data}/annotations/val.json',
        f'val_evaluator.1.ann_file={data}/annotations/val.json',
    ]


def run_experiment(args: argparse.Namespace) -> None:
    """Do the runs that have no result yet."""
    from tqdm import tqdm

    file = ResultFile(Path(args.out, RESULTS))
    planned = plan(args)
    runs = file.missing(planned)
    for data in {data_of(run) for run in runs}:
        if not Path(data, 'annotations/val.json').exists():
            extra = ' --seed 1 --num-val 1000' if data == DATA else ''
            raise PreflightError(
                f'{data} is not there: make it by python '
                f'tools/dataset/make_toy_human.py {data}{extra}'
            )
    print(f'{len(planned) - len(runs)} of {len(planned)} runs are done')
    origin = dict(commit=commit(), machine=machine())
    # Not in the threads: MMEngine's way to other packages' configs,
    # pkg_resources, fails where two take it for the first time at once.
    settings = {run: options(run) for run in runs}

    trainer = Trainer()
    # A terminated experiment ends its trainings, as an interrupted one does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def work(run: Run) -> dict:
        config = CONFIGS / f'{run.config}.py'
        folder = Path(args.work_dir, run.name)
        return trainer.train(run, config, folder, settings[run])

    failed = 0
    with tqdm(total=len(runs), unit='run') as bar:
        for run, result in run_all(runs, args.jobs, work, trainer.stop):
            bar.update()
            if isinstance(result, RunError):
                failed += 1
                tqdm.write(f'error: {result}')
                continue
            file.add(run, **result, **origin)
            tqdm.write(
                f'{run.name}: AP {result["coco/AP"]:.3f}, '
                f'{result["seconds"]:.0f} s'
            )
    if failed:
        raise PreflightError(
            f'{failed} of {len(runs)} runs failed, see the logs named above; '
            'the same command tries them again'
        )


def measure_cost(args: argparse.Namespace) -> None:
    """Measure all arms of the short host in turns, in this process."""
    import torch
    from mmengine.config import Config
    from tqdm import tqdm

    from mmkbdm.analysis.cost import count_macs, count_params
    from mmkbdm.analysis.network import build_network
    from mmkbdm.analysis.timing import take_turns
    from mmkbdm.benchmark.train_step import make_train_step

    costs, steps = {}, {}
    for arm in args.arms or ARMS['short']:
        path = CONFIGS / f'short_{arm}.py'
        network = build_network(Config.fromfile(path), str(path))
        image = torch.zeros(1, 3, 96, 64)
        estimator = network.estimator
        auxiliary = getattr(estimator, 'auxiliary', torch.nn.Identity())
        costs[arm] = dict(
            params=count_params(network) - count_params(auxiliary),
            macs=count_macs(network, image),
        )
        steps[arm] = make_train_step(Config.fromfile(path))
    with tqdm(total=args.repeats + 2, desc='rounds') as bar:
        seconds = take_turns(steps, args.repeats, progress=bar.update)
    for arm, values in seconds.items():
        costs[arm]['seconds'] = statistics.median(values)
    out = Path(args.out, COSTS)
    if out.exists():
        costs = {**json.loads(out.read_text())['arms'], **costs}
    origin = dict(commit=commit(), machine=machine())
    out.write_text(json.dumps(dict(**origin, arms=costs), indent=1) + '\n')
    print(f'{out}: {len(costs)} arms')


def report(args: argparse.Namespace) -> None:
    """Write tables and plots of the finished runs."""
    target = write_report(Path(args.out))
    print(f'{target}: written')


def machine() -> str:
    """Name the kind of machine that the arms were trained on."""
    import torch

    return (
        f'{platform.system()} {platform.machine()}, torch {torch.__version__}'
    )


def commit() -> str:
    """Name the commit that is checked out, and whether code was changed."""
    git = ['git', '-C', str(ROOT)]
    try:
        head = subprocess.check_output(
            [*git, 'rev-parse', '--short', 'HEAD'], text=True
        ).strip()
        changed = subprocess.check_output(
            [*git, 'status', '--porcelain', '-uno', 'mmkbdm', 'configs'],
            text=True,
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return f'{head}, changed' if changed else head


@command_line
def main() -> None:
    """Run, measure or report the experiment."""
    args = parse_args()
    args.out, args.work_dir = map(os.path.abspath, (args.out, args.work_dir))
    os.chdir(ROOT)  # configs, data and tools are named from here
    actions = dict(run=run_experiment, cost=measure_cost, report=report)
    actions[args.action](args)


if __name__ == '__main__':
    main()
