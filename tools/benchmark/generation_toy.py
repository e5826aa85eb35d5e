"""What do the parts of KB-DMGen earn? Train all arms on ToyHuman and report.

Example:
    python tools/benchmark/generation_toy.py run --jobs 2
    python tools/benchmark/generation_toy.py report

What is done is kept; an interrupted experiment goes on with the same command.
"""

import argparse
import os
import signal
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.benchmark.generation_arms import ARMS, GUIDANCE
from mmkbdm.benchmark.generation_plan import STAGE_NAMES

ROOT = Path(__file__).resolve().parents[2]


def parse_args(argv=None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        description='Train and sample the variants of KB-DMGen on ToyHuman, '
        'several seeds each, judge them on held-out poses, and write the '
        'comparison',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add('action', choices=('run', 'report'), help='train and score; report')
    add(
        '--stages',
        nargs='+',
        choices=STAGE_NAMES,
        default=list(STAGE_NAMES),
        help='only these; what a stage needs has to be there',
    )
    add('--arms', nargs='+', metavar='ARM', help=f'of {", ".join(ARMS)}')
    add('--seeds', nargs='+', type=int, default=[0, 1, 2], help='seeds')
    add('--iters', type=int, default=1500, help='iterations of an adapter')
    add('--batch-size', type=int, default=64, help='images an iteration')
    add(
        '--guidance',
        nargs='+',
        type=float,
        default=list(GUIDANCE),
        help='scales to sample with',
    )
    add('--steps', type=int, default=20, help='steps of sampling')
    add('--jobs', type=int, default=2, help='processes at a time')
    add(
        '--device',
        choices=('cuda', 'cpu'),
        help='a GPU where there is one, by default',
    )
    add(
        '--no-graph',
        action='store_true',
        help='train without CUDA graphs, where they fail',
    )
    add('--data', default='data/toyhuman_generation', help='folder')
    add('--num-train', type=int, default=20000, help='images to render')
    add('--num-val', type=int, default=600, help='held-out ones to render')
    add('--num-images', type=int, default=600, help='of them to judge')
    add(
        '--eval-batch-size',
        type=int,
        help='images sampled at a time: 300 on a GPU, else 50, by default',
    )
    add('--configs', default='configs/kb_dmgen', help='folder of the arms')
    add(
        '--data-config',
        default='configs/evaluation/toyhuman_generation_val.py',
        help='of the held-out poses',
    )
    add('--judge', default='configs/judges/toy_generation_judge.py')
    add('--features', default='configs/features/toy_clip.py')
    add(
        '--retrain',
        action='store_true',
        help='train the foundation although its weights are there',
    )
    add(
        '--work-dir',
        default='work_dirs/generation_toy',
        help='logs, checkpoints',
    )
    add(
        '--out',
        default='docs/benchmarks',
        help='folder of generation_toy.json, the finished runs, and of the '
        'report',
    )
    add('--commit', help='of the code, where git does not tell')
    return parser.parse_args(argv)


def run_experiment(args: argparse.Namespace) -> None:
    """Do the tasks that are not done."""
    from tqdm import tqdm

    from mmkbdm.benchmark.generation_plan import Plan
    from mmkbdm.benchmark.generation_results import Results
    from mmkbdm.benchmark.generation_work import work
    from mmkbdm.benchmark.runs import RunError
    from mmkbdm.benchmark.workers import run_tasks

    results = Results(args.out, args.device, args.commit)
    plan = Plan(args, results.file)
    results.refuse_others(plan.setting())
    tasks = plan.tasks
    print(f'{plan.settled} runs are done, {len(tasks)} tasks are to be done')
    failed = 0
    # A terminated experiment ends its processes, as an interrupted one does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    total = sum(task.steps for task in tasks)
    with tqdm(total=total, unit='step', smoothing=0.05) as bar:
        outcomes = run_tasks(
            tasks, args.jobs, work, bar.update, fork=args.device == 'cpu'
        )
        for task, result in outcomes:
            if isinstance(result, RunError):
                failed += 1
                tqdm.write(f'error: {result}')
                continue
            line = results.add(plan, task, result)
            tqdm.write(f'{task.name}: {line}')
    if failed:
        raise PreflightError(
            f'{failed} of {len(tasks)} tasks failed, see the lines above; '
            'the same command tries them again'
        )


def report(args: argparse.Namespace) -> None:
    """Write tables, plots and pictures of the finished runs."""
    from mmkbdm.benchmark.generation_report import write_report

    print(f'{write_report(Path(args.out))}: written')


def settle_device(args: argparse.Namespace) -> None:
    """Choose the device, and let all processes see no other.

    Raises:
        PreflightError: There is no GPU that was asked for.
    """
    import torch

    there = torch.cuda.is_available()
    if args.device == 'cuda' and not there:
        raise PreflightError(
            '--device cuda: torch sees no GPU here; leave it out for the CPU'
        )
    args.device = args.device or ('cuda' if there else 'cpu')
    if args.device == 'cpu':
        os.environ['CUDA_VISIBLE_DEVICES'] = ''
    if args.eval_batch_size is None:
        args.eval_batch_size = 300 if args.device == 'cuda' else 50
    threads = max(1, (os.cpu_count() or 1) // args.jobs)
    os.environ.setdefault('OMP_NUM_THREADS', str(threads))


@command_line
def main() -> None:
    """Run or report the experiment."""
    args = parse_args()
    args.out = os.path.abspath(args.out)
    os.chdir(ROOT)  # configs, data and tools are named from here
    if args.action == 'run':
        settle_device(args)
        run_experiment(args)
    else:
        report(args)


if __name__ == '__main__':
    main()
