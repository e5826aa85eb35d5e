"""From the flags of a tool to the images to make (ours)."""

import argparse
from functools import cache, partial
from pathlib import Path

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.generation_flags import SETTINGS
from mmkbdm.evaluation.inputs.pose_file import PoseRecord

from .diffusers_generator import DiffusersGenerator
from .job import Job, of_dataset, of_records
from .job_lines import LARGEST_SEED, read_jobs
from .pose_source import read_poses


def jobs_of(
    args: argparse.Namespace, generator: DiffusersGenerator
) -> list[Job]:
    """Return the images that the flags ask for.

    Args:
        args (argparse.Namespace): Of
            :func:`~mmkbdm.apis.generation_flags.add_job_flags`.
        generator (DiffusersGenerator): Makes them.

    Raises:
        PreflightError: Flags contradict each other, or what they name is
            not as it must be.
    """
    _check(args)
    call = {name: getattr(args, name) for name in SETTINGS}
    call = {name: value for name, value in call.items() if value is not None}
    generator.merged(call)
    if args.data is not None:
        return _of_data(args, generator, call)
    height, width = (
        generator.default_size if side is None else side
        for side in (args.height, args.width)
    )
    base = Job(height, width, args.seed, call)
    read = partial(read_poses, judge=_judge_of(args))
    if args.jobs is not None:
        return read_jobs(args.jobs, base, generator, read)
    generator.check_size(height, width)
    if args.pose is None:
        if generator.condition_argument is not None:
            raise PreflightError('give --pose, --data or --jobs')
        nobody = PoseRecord('', lambda: base.poses)
        records, file = [nobody], 'no-pose'
    else:
        records, file = read(args.pose), args.pose
    size = args.pose_size and tuple(args.pose_size[::-1])
    return of_records(base, records, file, args.prompt, args.num_images, size)


def _check(args: argparse.Namespace) -> None:
    given = [
        f'--{name}'
        for name in ('pose', 'data', 'jobs')
        if getattr(args, name) is not None
    ]
    if len(given) > 1:
        raise PreflightError(f'{" and ".join(given)}: give one of them')
    for name in ('num_images', 'max_images'):
        value = getattr(args, name)
        if value is not None and value < 1:
            flag = '--' + name.replace('_', '-')
            raise PreflightError(f'{flag} {value} must be at least 1')
    if not 0 <= args.seed <= LARGEST_SEED - args.num_images:
        raise PreflightError(f'--seed {args.seed} is none: give 0 or more')
    if args.jobs and (args.prompt or args.num_images > 1):
        raise PreflightError(
            '--prompt and --num-images are for --pose and --data: every line '
            'of --jobs has its own prompt and seed'
        )
    if args.pose_size and min(args.pose_size) < 1:
        raise PreflightError('--pose-size must be above 0')
    if args.data and (args.prompt or args.height != args.width):
        raise PreflightError(
            '--data has its own prompts, and square images: give --height '
            'and --width alike, and no --prompt'
        )


def _of_data(args: argparse.Namespace, generator, call: dict) -> list[Job]:
    from .build import build_wanted

    side = generator.default_size if args.height is None else args.height
    generator.check_size(side, side)
    wanted = build_wanted(args.data, args.max_images, side)
    return of_dataset(
        Job(side, side, args.seed, call), wanted, args.num_images
    )


def _judge_of(args: argparse.Namespace):
    @cache
    def build():
        from mmkbdm.evaluation.judges import build_judge

        if not Path(args.judge).is_file():
            raise PreflightError(
                f'{args.judge} does not exist: give --judge a config of '
                'configs/judges'
            )
        weights = args.judge_weights and dict(weights=args.judge_weights)
        return build_judge(args.judge, **(weights or {}))

    return build
