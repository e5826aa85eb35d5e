"""Generate people in given poses.

python tools/generate.py --model MODEL --prompt TEXT --pose FILE

MODEL is a folder of a pipeline, as tools/model_converters/export_pipeline.py
writes it, or a config of configs/kb_dmgen with --checkpoint. FILE has the
joints, or is a photo whose people are copied. --data CONFIG takes prompts
and poses of a dataset; --jobs FILE has an image a line of JSON:

  {"prompt": "sketch, a man running", "pose": "run.json", "seed": 3,
   "guidance_scale": 3.0}

Every PNG holds prompt, seed, settings, poses and codes as texts, and
OUT/grid.png shows the images beside their conditions. What is there already
with the same settings stays: a run that was interrupted goes on.
"""

import argparse
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.generation_flags import add_job_flags, add_model_flags
from mmkbdm.apis.output import check_writable

GRID = 'grid.png'


def parse_args() -> argparse.Namespace:
    """Model, what to make, and where it goes."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model_flags(parser)
    add_job_flags(parser)
    add = parser.add_argument
    add('--batch-size', type=int, default=4, help='images made at once; 4')
    add('--grid', type=int, default=64, help='images on the grid at most; 64')
    add('--columns', type=int, default=4, help='of the grid; 4')
    add('--out', metavar='DIR', default='outputs', help='outputs by default')
    add(
        '--overwrite',
        action='store_true',
        help='replace other images of the same name in OUT',
    )
    return parser.parse_args()


@command_line
def main() -> None:
    """Check everything, make the images, lay them out."""
    args = parse_args()
    for name in ('batch_size', 'columns'):
        if getattr(args, name) < 1:
            flag = '--' + name.replace('_', '-')
            raise PreflightError(
                f'{flag} {getattr(args, name)} must be at least 1'
            )
    check_writable(args.out)
    from mmkbdm.generation.job_grid import write_grid
    from mmkbdm.generation.job_run import run_jobs
    from mmkbdm.generation.job_source import jobs_of
    from mmkbdm.generation.load_pipeline import load_pipeline

    generator = load_pipeline(
        args.model, args.checkpoint, averaged=not args.last_weights
    )
    jobs = jobs_of(args, generator)
    if any(job.name == GRID for job in jobs):
        raise PreflightError(f'an image cannot be named {GRID}')
    written = run_jobs(
        generator, jobs, args.out, args.batch_size, args.overwrite
    )
    print(f'{written} images made, {len(jobs) - written} were there')
    if args.grid > 0:
        grid = Path(args.out, GRID)
        write_grid(jobs[: args.grid], args.out, grid, args.columns)
        print(f'grid: {grid}')
    else:
        print(f'images: {args.out}')


if __name__ == '__main__':
    main()
