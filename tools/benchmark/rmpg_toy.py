"""Does RMPG earn its cost? Train all arms on ToyHuman and report.

Example:
    python tools/benchmark/rmpg_toy.py run --jobs 2
    python tools/benchmark/rmpg_toy.py cost
    python tools/benchmark/rmpg_toy.py report

The learning rate of every arm is chosen first; what all arms see of a seed is
recorded once, 2 GB for 500 iterations. A finished run is kept in the result
file; an interrupted experiment goes on with the same command.
"""

import argparse
import json
import os
import signal
import statistics
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.benchmark.origin import commit, machine
from mmkbdm.benchmark.runs import ResultFile, RunError
from mmkbdm.benchmark.toy_arms import ARMS
from mmkbdm.benchmark.toy_plan import (
    DEFAULTS,
    RATES,
    ToyRun,
    chosen_arms,
    compared_runs,
    tuning_runs,
)
from mmkbdm.benchmark.toy_report import COSTS, RESULTS, SECONDS, write_report
from mmkbdm.benchmark.workers import Task, run_tasks

# What every process has imported before its first run.
PRELOAD = 'mmkbdm.benchmark.toy_imports'
ROOT = Path(__file__).resolve().parents[2]
CONFIGS = Path('configs/rmpg/toyhuman')
# Rates are chosen on other people than the arms are compared on.
DATA = {
    'compare': Path('data/toyhuman_experiment'),
    'tune': Path('data/toyhuman'),
}


def parse_args(argv=None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        description='Train RMPG, its variants and its controls on ToyHuman, '
        'several seeds each, and write the comparison',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        'action',
        choices=('record', 'run', 'cost', 'report'),
        help='record the samples that run would train on; train; measure '
        'parameters, MACs and seconds an iteration; write the report',
    )
    parser.add_argument(
        '--studies',
        nargs='+',
        choices=tuple(ARMS),
        default=['tune', 'short', 'wide', 'long'],
        help='choice of the learning rates; host of short or wide receptive '
        'field; a long schedule',
    )
    parser.add_argument('--arms', nargs='+', help='only these')
    parser.add_argument(
        '--seeds', nargs='+', type=int, default=[0, 1, 2], help='seeds'
    )
    parser.add_argument(
        '--rates',
        nargs='+',
        type=float,
        default=list(RATES),
        help="factors on the config's learning rate to choose from",
    )
    parser.add_argument(
        '--jobs', type=int, default=2, help='processes of one thread each'
    )
    parser.add_argument(
        '--device',
        choices=('cpu', 'cuda'),
        default='cpu',
        help='where to train; results of one are not compared with the other',
    )
    parser.add_argument(
        '--graph',
        action='store_true',
        help='with --device cuda, launch forward and backward as CUDA graphs',
    )
    parser.add_argument(
        '--repeats', type=int, default=15, help='rounds of timing for cost'
    )
    parser.add_argument(
        '--work-dir',
        default=str(ROOT / 'work_dirs' / 'rmpg_toy'),
        help='logs, checkpoints, records',
    )
    parser.add_argument(
        '--out',
        default=str(ROOT / 'docs' / 'benchmarks'),
        help='folder of rmpg_toy.json, the finished runs, and the report',
    )
    return parser.parse_args(argv)


def record_task(run: ToyRun, args: argparse.Namespace) -> Task:
    """Make the task that records what a run and all like it see."""
    records = Path(args.work_dir, 'records')
    name = f'{run.data}_seed{run.seed}'
    settings = dict(
        action='record',
        run=run,
        data=str(DATA[run.data]),
        training=str(records / f'{name}.pt'),
        evaluation=str(records / f'{run.data}_evaluation.pt'),
    )
    log = Path(args.work_dir, 'records', f'{name}.log')
    return Task(f'record {name}', str(log), settings=settings)


def train_task(run: ToyRun, args: argparse.Namespace) -> Task:
    """Make the task that trains and evaluates, after the records."""
    folder = Path(args.work_dir, run.name)
    record = record_task(run, args)
    settings = dict(
        record.settings,
        action='train',
        run=run,
        work_dir=str(folder),
        graph=args.graph,
    )
    log = str(folder / 'output.log')
    return Task(run.name, log, 1, (record.name,), settings)


def record_tasks(runs: list[ToyRun], args: argparse.Namespace) -> list[Task]:
    """Make a task for each seed, as long as its longest run needs."""
    longest: dict[str, ToyRun] = {}
    for run in runs:
        name = record_task(run, args).name
        if name not in longest or longest[name].iters < run.iters:
            longest[name] = run
    return [record_task(run, args) for run in longest.values()]


def run_experiment(args: argparse.Namespace) -> None:
    """Do the runs that have no result yet, the choice of rates first."""
    arms = chosen_arms(args.studies, args.arms)
    file = ResultFile(Path(args.out, RESULTS), DEFAULTS)
    check_device(args.device)
    if args.graph and args.device != 'cuda':
        raise PreflightError('--graph is for --device cuda: leave it out')
    tune = tuning_runs(arms, args.device, args.rates)
    tune = file.missing(tune) if 'tune' in args.studies else []
    studies = [study for study in args.studies if study != 'tune']

    def compare() -> list[ToyRun]:
        planned = compared_runs(
            studies, arms, args.seeds, args.device, file.results
        )
        return file.missing(planned)

    check_data([*tune, *compare()])
    records = record_tasks([*tune, *compare()], args)
    failed = 0
    if args.action == 'record':
        failed += do(records, [], args, file)
    else:
        tasks = [train_task(run, args) for run in tune]
        failed += do([*records, *tasks], tune, args, file)
        runs = compare()  # with the rates that were just chosen
        failed += do([train_task(run, args) for run in runs], runs, args, file)
    if failed:
        raise PreflightError(
            f'{failed} tasks failed, see the logs named above; the same '
            'command tries them again'
        )


def do(
    tasks: list[Task],
    runs: list[ToyRun],
    args: argparse.Namespace,
    file: ResultFile,
) -> int:
    """Do tasks in parallel and keep the results of runs as they come.

    Returns:
        int: Tasks that failed; the others were done all the same.
    """
    from tqdm import tqdm

    from mmkbdm.benchmark.toy_work import work

    origin = dict(commit=commit(), machine=machine(args.device))
    by_name = {run.name: run for run in runs}
    failed = 0
    with tqdm(total=sum(task.steps for task in tasks), unit='task') as bar:
        for task, result in run_tasks(
            tasks,
            args.jobs,
            work,
            bar.update,
            preload=[PRELOAD],
            fork=args.device == 'cpu',
        ):
            if isinstance(result, RunError):
                failed += 1
                tqdm.write(f'error: {result}')
            elif task.name in by_name:
                file.add(by_name[task.name], **result, **origin)
                tqdm.write(
                    f'{task.name}: AP {result["coco/AP"]:.3f}, '
                    f'{result["seconds"]:.0f} s'
                )
            else:
                tqdm.write(f'{task.name}: {result["seconds"]:.0f} s')
    return failed


def check_device(device: str) -> None:
    """Let processes see the device that was asked for, and no other.

    Raises:
        PreflightError: When torch cannot use it.
    """
    import torch

    os.environ['OMP_NUM_THREADS'] = '1'
    if device == 'cpu':
        os.environ['CUDA_VISIBLE_DEVICES'] = ''
    elif not torch.cuda.is_available():
        raise PreflightError(
            '--device cuda: torch cannot use a GPU here, take --device cpu'
        )


def check_data(runs: list[ToyRun]) -> None:
    """Look for the people of all runs.

    Raises:
        PreflightError: Names the folder and how to make it.
    """
    for name, data in DATA.items():
        needed = any(run.data == name for run in runs)
        if needed and not Path(data, 'annotations/val.json').exists():
            extra = ' --seed 1 --num-val 1000' if name == 'compare' else ''
            raise PreflightError(
                f'{data} is not there: make it by python '
                f'tools/dataset/make_toy_human.py {data}{extra}'
            )


def measure_cost(args: argparse.Namespace) -> None:
    """Measure all arms of the short host in turns, in this process."""
    check_device(args.device)
    import torch
    from mmengine.config import Config
    from tqdm import tqdm

    from mmkbdm.analysis.cost import count_macs, count_params
    from mmkbdm.analysis.network import build_network
    from mmkbdm.analysis.timing import take_turns
    from mmkbdm.benchmark.train_step import make_train_step

    costs, steps = {}, {}
    chosen = chosen_arms(['short'], args.arms)
    for arm in [arm for arm in ARMS['short'] if arm in chosen]:
        path = CONFIGS / f'short_{arm}.py'
        network = build_network(Config.fromfile(path), str(path))
        image = torch.zeros(1, 3, 96, 64)
        estimator = network.estimator
        auxiliary = getattr(estimator, 'auxiliary', torch.nn.Identity())
        costs[arm] = dict(
            params=count_params(network) - count_params(auxiliary),
            macs=count_macs(network, image),
        )
        cfg = Config.fromfile(path)
        # As the experiment has it.
        cfg.optim_wrapper.optimizer.fused = args.device == 'cuda'
        steps[arm] = make_train_step(cfg, device=args.device)
    wait = torch.cuda.synchronize if args.device == 'cuda' else lambda: None
    with tqdm(total=args.repeats + 2, desc='rounds') as bar:
        seconds = take_turns(
            steps, args.repeats, synchronize=wait, progress=bar.update
        )
    for arm, values in seconds.items():
        costs[arm][SECONDS[args.device]] = statistics.median(values)
    out = Path(args.out, COSTS)
    known = json.loads(out.read_text()) if out.exists() else {}
    arms = known.get('arms', {})
    for arm, cost in costs.items():
        arms[arm] = {**arms.get(arm, {}), **cost}
    # Of the last measurement on each device.
    origin = dict(commit=commit(), machine=machine(args.device))
    measured = {**known.get('measured', {}), args.device: origin}
    text = json.dumps(dict(measured=measured, arms=arms), indent=1)
    out.write_text(f'{text}\n')
    print(f'{out}: {len(arms)} arms')


def report(args: argparse.Namespace) -> None:
    """Write tables and plots of the finished runs."""
    target = write_report(Path(args.out))
    print(f'{target}: written')


@command_line
def main() -> None:
    """Run, measure or report the experiment."""
    args = parse_args()
    for name in ('jobs', 'repeats'):
        if getattr(args, name) < 1:
            raise PreflightError(
                f'--{name} {getattr(args, name)} must be 1 or more'
            )
    args.out, args.work_dir = map(os.path.abspath, (args.out, args.work_dir))
    os.chdir(ROOT)  # configs, data and tools are named from here
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    actions = dict(
        record=run_experiment,
        run=run_experiment,
        cost=measure_cost,
        report=report,
    )
    actions[args.action](args)


if __name__ == '__main__':
    main()
