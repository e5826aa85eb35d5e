"""Generate people in given poses and score them.

python tools/generate_and_eval.py --pipeline DIR --data CONFIG

DIR is a pipeline of diffusers, or a config file whose model generates. OUT
gets the real images (real), and for each seed the generated ones
(seed_N/images) and a report (seed_N/report.html), and summary.json with mean
and spread. What was generated before with the same settings stays: a run
that was interrupted goes on where it was. Several processes share the
images by tools/dist_generate.sh; the first of them judges.
"""

import argparse
from pathlib import Path

from mmkbdm.apis.arguments import add_scoring_flags
from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable


def parse_args() -> argparse.Namespace:
    """Generator, data, judge and what else is to be measured."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--pipeline', required=True, metavar='DIR_OR_CONFIG')
    add('--data', required=True, metavar='CONFIG', help='configs/evaluation')
    add_scoring_flags(parser)
    add('--checkpoint', metavar='FILE', help='of the model of a config')
    add('--seeds', nargs='+', type=int, default=[0, 1, 2], help='0 1 2')
    add('--max-images', type=int, metavar='N', help='spread over the data')
    add('--batch-size', type=int, default=4, help='images generated at once')
    add('--steps', type=int, help='of sampling; 50 for diffusers')
    add('--guidance-scale', type=float, help='7.5 for diffusers')
    add('--size', type=int, help="side in pixels, in place of the data's")
    add('--out', metavar='DIR', help='in work_dirs/generate by default')
    add(
        '--overwrite',
        action='store_true',
        help='replace images of other settings in OUT',
    )
    add('--launcher', choices=['none', 'pytorch'], default='none')
    return parser.parse_args()


@command_line
def main() -> None:
    """Generate in all processes, judge and report in the first."""
    args = parse_args()
    check(args)
    out = Path(
        args.out or Path('work_dirs/generate', Path(args.pipeline).stem)
    )
    check_writable(out)
    from mmkbdm.evaluation.scorer import build_scorer
    from mmkbdm.generation.build import build_wanted
    from mmkbdm.generation.processes import sharing

    wanted = build_wanted(args.data, args.max_images, args.size)
    with sharing(args.launcher) as (rank, world_size):
        # Whatever is missing is told before the work begins.
        scorer = build_scorer(args) if rank == 0 else None
        generation = generate(args, wanted, out, rank, world_size)
    if rank == 0:
        report(args, wanted, out, scorer, generation)


def check(args: argparse.Namespace) -> None:
    """Refuse numbers that are none of images, seeds or steps."""
    for name in ('max_images', 'batch_size', 'steps', 'size'):
        value = getattr(args, name)
        if value is not None and value < 1:
            flag = '--' + name.replace('_', '-')
            raise PreflightError(f'{flag} {value} must be at least 1')
    if len(set(args.seeds)) < len(args.seeds):
        raise PreflightError('--seeds names a seed twice')


def generate(
    args: argparse.Namespace, wanted, out: Path, rank: int, world_size: int
) -> dict:
    """Generate this process's share of all seeds.

    Returns:
        dict: What a report says of the generator.
    """
    from mmkbdm.generation.build import build_generator
    from mmkbdm.generation.contract import describe_generator
    from mmkbdm.generation.processes import wait
    from mmkbdm.generation.run import generate_dataset
    from mmkbdm.generation.settings import claim_folder

    call = dict(
        num_inference_steps=args.steps, guidance_scale=args.guidance_scale
    )
    call = {key: value for key, value in call.items() if value is not None}
    generator = build_generator(args.pipeline, args.checkpoint, call)
    description = describe_generator(generator)
    settings = {
        seed: dict(generator=description, seed=seed) for seed in args.seeds
    }
    if rank == 0:
        for seed in args.seeds:
            claim_folder(out / f'seed_{seed}', settings[seed], args.overwrite)
    wait()
    for seed in args.seeds:
        generate_dataset(
            generator,
            wanted.samples,
            wanted.names,
            out / f'seed_{seed}' / 'images',
            settings[seed],
            batch_size=args.batch_size,
            overwrite=args.overwrite,
            rank=rank,
            world_size=world_size,
        )
    return dict(description, data=args.data, images=len(wanted.names))


def report(
    args: argparse.Namespace, wanted, out: Path, scorer, generation: dict
) -> None:
    """Judge and report every seed, and all of them."""
    from mmkbdm.evaluation.reports.glossary import headline_names
    from mmkbdm.evaluation.reports.summary import (
        summary_lines,
        write_summary,
    )
    from mmkbdm.evaluation.reports.text_table import report_lines
    from mmkbdm.generation.evaluate import GeneratedEvaluator, real_items

    evaluator = GeneratedEvaluator(real_items(wanted, out / 'real'), scorer)
    ceiling = evaluator.ceiling()
    reports = {}
    for seed in args.seeds:
        folder = out / f'seed_{seed}'
        content = evaluator.evaluate(
            folder / 'images', folder, ceiling, generation, seed
        )
        reports[folder.name] = content
        print(f'\nseed {seed}', *report_lines(content), sep='\n')
        print(f'report: {folder / "report.html"}')
    summary = write_summary(out, reports)
    names = headline_names(summary['metrics'])
    print(f'\nall {len(reports)} seeds')
    print(*summary_lines(summary, names), sep='\n')


if __name__ == '__main__':
    main()
