"""Does RMPG earn its cost? Train all arms on ToyHuman and report.

Example:
    python tools/benchmark/rmpg_toy.py run --jobs 2
    python tools/benchmark/rmpg_toy.py report

A finished run is kept in the result file; an interrupted experiment goes on
with the same command.
"""

import argparse
import platform
import subprocess
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.benchmark.runs import ResultFile, Run, RunError, run_all, train

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = Path('configs/rmpg/toyhuman')
# Fixed before the first result of the experiment was seen.
ARMS = {
    'short': (
        'none',
        'conv',
        'lite',
        'default',
        'paper',
        'no-context',
        'conv_joints',
        'supervised',
        'no-context_supervised',
        'joints',
        'hierarchical',
        'conv-large_joints',
        'channel',
        'no-position',
        'depth1',
        'depth2',
        'children4',
        'gate1',
        'fast-gate',
    ),
    'wide': (
        'none',
        'conv',
        'default',
        'no-context',
        'conv_joints',
        'supervised',
    ),
    'long': ('none', 'conv', 'default'),
    'tune': ('none', 'conv', 'lite', 'default'),
}
SEEDS = (0, 1, 2, 3, 4)
TUNING_SEED = 100
TUNING_RATES = (0.5, 1.0, 2.0)
ITERS = 500
LONG_ITERS = 1500
DATA = {'experiment': 'data/toyhuman_experiment', 'tune': 'data/toyhuman'}


def parse_args(argv=None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        description='Train RMPG, its variants and its controls on ToyHuman, '
        'several seeds each, and write the comparison',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        'action', choices=('run', 'report'), help='train, or write the report'
    )
    parser.add_argument(
        '--studies',
        nargs='+',
        choices=tuple(ARMS),
        default=['short', 'wide', 'long'],
        help='hosts of short or wide receptive field, a long schedule on the '
        'short one, or learning rates',
    )
    parser.add_argument('--arms', nargs='+', help='only these')
    parser.add_argument(
        '--seeds', nargs='+', type=int, default=list(SEEDS[:3]), help='seeds'
    )
    parser.add_argument(
        '--jobs', type=int, default=2, help='processes of one thread each'
    )
    parser.add_argument(
        '--results',
        default='docs/benchmarks/rmpg_toy.json',
        help='file of finished runs',
    )
    parser.add_argument(
        '--work-dir', default='work_dirs/rmpg_toy', help='logs, checkpoints'
    )
    parser.add_argument(
        '--out', default='docs/benchmarks/rmpg_toy.md', help='the report'
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
                f'--arms {arm}: there is {", ".join(sorted(known))}'
            )
    runs = []
    for seed in args.seeds:
        for study in args.studies:
            if study == 'tune':
                continue
            host = 'wide' if study == 'wide' else 'short'
            iters = LONG_ITERS if study == 'long' else ITERS
            for arm in ARMS[study]:
                if not args.arms or arm in args.arms:
                    config = f'{host}_{arm}'
                    runs.append(Run(study, config, seed, 1.0, iters))
    if 'tune' in args.studies:
        runs += [
            Run('tune', f'short_{arm}', TUNING_SEED, rate, ITERS)
            for arm in ARMS['tune']
            for rate in TUNING_RATES
            if not args.arms or arm in args.arms
        ]
    return runs


def options(run: Run) -> list[str]:
    """Translate a run to options of tools/train.py."""
    from mmengine.config import Config

    cfg = Config.fromfile(CONFIGS / f'{run.config}.py')
    rate = cfg.optim_wrapper.optimizer.lr * run.lr
    data = DATA['tune' if run.study == 'tune' else 'experiment']
    ann_file = f'{data}/annotations/val.json'
    return [
        f'randomness.seed={run.seed}',
        f'optim_wrapper.optimizer.lr={rate}',
        f'train_cfg.max_iters={run.iters}',
        f'train_cfg.val_interval={run.iters}',
        f'param_scheduler.1.T_max={run.iters}',
        f'default_hooks.checkpoint.interval={run.iters}',
        f'train_dataloader.dataset.data_root={data}/',
        f'val_dataloader.dataset.data_root={data}/',
        f'val_evaluator.0.ann_file={ann_file}',
        f'val_evaluator.1.ann_file={ann_file}',
    ]


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


def run_experiment(args: argparse.Namespace) -> None:
    """Do the runs that have no result yet."""
    import torch
    from tqdm import tqdm

    file = ResultFile(args.results)
    planned = plan(args)
    runs = file.missing(planned)
    for run in runs:
        data = DATA['tune' if run.study == 'tune' else 'experiment']
        if not Path(data, 'annotations/val.json').exists():
            seed = '' if run.study == 'tune' else ' --seed 1 --num-val 1000'
            raise PreflightError(
                f'{data} is not there: make it by python '
                f'tools/dataset/make_toy_human.py {data}{seed}'
            )
    print(f'{len(planned) - len(runs)} of {len(planned)} runs are done')
    machine = (
        f'{platform.machine()} {platform.system()}, torch {torch.__version__}'
    )
    here = commit()

    def work(run: Run) -> dict:
        config = CONFIGS / f'{run.config}.py'
        return train(run, config, Path(args.work_dir, run.name), options(run))

    failed = []
    bar = tqdm(total=len(runs), unit='run')
    for run, result in run_all(runs, args.jobs, work):
        bar.update()
        if isinstance(result, RunError):
            failed.append(result)
            tqdm.write(f'error: {result}')
        else:
            file.add(run, **result, commit=here, machine=machine)
            tqdm.write(
                f'{run.name}: AP {result["coco/AP"]:.3f}, '
                f'{result["seconds"]:.0f} s'
            )
    bar.close()
    if failed:
        raise PreflightError(
            f'{len(failed)} runs failed; the same command tries them again'
        )


@command_line
def main() -> None:
    """Run or report the experiment."""
    args = parse_args()
    if args.action == 'run':
        run_experiment(args)


if __name__ == '__main__':
    main()
