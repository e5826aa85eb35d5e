"""Show how a generator makes an image of people in given poses.

python tools/analysis/visualize_generation.py --model MODEL \
    --checkpoint FILE --prompt TEXT --pose FILE --out DIR

Pages for people who do not know the code: what the pose masks take for
background at several steps, and how their radius and strength change over
time; which places of the image ask which; which codes the knowledge base
answers the prompt with, and the training images that are nearest to them;
the image at several strengths of poses and knowledge base. Model, prompt and
pose are given as to tools/generate.py.
"""

import argparse
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.generation_flags import add_job_flags, add_model_flags
from mmkbdm.apis.output import check_writable

PAGES = ('masks', 'attention', 'codes', 'strengths')
STRENGTHS = (0.0, 0.5, 1.0, 1.5)


def parse_args() -> argparse.Namespace:
    """A generator, an image, and what to show."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model_flags(parser)
    add_job_flags(parser)
    # A data set is not meant as a whole.
    parser.set_defaults(max_images=1)
    add = parser.add_argument
    add(
        '--look-at',
        nargs='+',
        type=int,
        metavar='STEP',
        help='steps to show, counted from 0; five by default',
    )
    add(
        '--joints',
        nargs='+',
        metavar='NAME',
        help='where attention is asked; left_wrist left_ankle by default',
    )
    add(
        '--training-images',
        metavar='CONFIG',
        help='of stage 1 of the knowledge base: its images show what a code '
        'stands for, such as configs/kb_dmgen/kb_stage1_toy.py',
    )
    for name in ('pose', 'kb'):
        add(
            f'--{name}-strengths',
            nargs='+',
            type=float,
            default=STRENGTHS,
            metavar='FACTOR',
            help=f'of the last page; {" ".join(map(str, STRENGTHS))}',
        )
    add('--pages', nargs='+', choices=PAGES, default=PAGES, help='all')
    add(
        '--out',
        metavar='DIR',
        default='work_dirs/generation',
        help='folder for the pages; work_dirs/generation by default',
    )
    return parser.parse_args()


@command_line
def main() -> None:
    """Check everything, then write page after page."""
    args = parse_args()
    for name in ('pose_strengths', 'kb_strengths'):
        if min(getattr(args, name)) < 0:
            flag = '--' + name.replace('_', '-')
            raise PreflightError(f'{flag} must not be negative')
    check_writable(args.out)
    from mmkbdm.generation.job_source import jobs_of
    from mmkbdm.generation.load_pipeline import load_pipeline
    from mmkbdm.visualization.generation.book import write_generation_pages
    from mmkbdm.visualization.generation.questions import chosen_joints
    from mmkbdm.visualization.generation.training_images import (
        read_training_images,
    )
    from mmkbdm.visualization.generation.view import look_at_generation

    generator = load_pipeline(
        args.model, args.checkpoint, averaged=not args.last_weights
    )
    pipeline = own_pipeline(generator)
    jobs = jobs_of(args, generator)
    for job in jobs:
        chosen_joints(job.poses, job.height, job.width, args.joints)
    training = None
    if args.training_images is not None and 'codes' in args.pages:
        training = read_training_images(args.training_images)
    for job in jobs:
        folder = Path(args.out)
        if len(jobs) > 1:
            folder = folder / Path(job.name).with_suffix('')
        view = look_at_generation(pipeline, job, args.look_at)
        for line in write_generation_pages(
            view,
            folder,
            joints=args.joints,
            training=training,
            pose_strengths=args.pose_strengths,
            kb_strengths=args.kb_strengths,
            wanted=args.pages,
        ):
            print(line, flush=True)


def own_pipeline(generator):
    """Return the pipeline of a generator, if it is one of this project.

    Args:
        generator (DiffusersGenerator): Of any pipeline.

    Returns:
        KBDMGenPipeline: With progress bars that go away when they are full.

    Raises:
        PreflightError: It is of another kind, or is told no pose.
    """
    from mmkbdm.pipelines import KBDMGenPipeline

    pipeline = generator.pipeline
    if not isinstance(pipeline, KBDMGenPipeline):
        raise PreflightError(
            f'{generator.pretrained} is a {generator.name}: the pages are of '
            "this project's own parts, give a KBDMGenPipeline or a config of "
            'configs/kb_dmgen'
        )
    if pipeline.adapter is None:
        raise PreflightError(
            'the model has no adapter: it is told no pose, and there is '
            'nothing to show; give a model with adapter=dict()'
        )
    pipeline.set_progress_bar_config(desc='sampling', leave=False)
    return pipeline


if __name__ == '__main__':
    main()
