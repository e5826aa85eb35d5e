"""The flags of tools that generate images (ours)."""

import argparse

from mmkbdm.apis.arguments import DEFAULT_JUDGE

# Of mmkbdm.models.generators.sampling.Sampling, which is not imported for
# --help.
SETTINGS = dict(
    num_inference_steps=int,
    guidance_scale=float,
    negative_prompt=str,
    pose_strength=float,
    pose_start=float,
    pose_end=float,
    kb_strength=float,
)
SHORT = dict(num_inference_steps='steps')


def add_model_flags(parser: argparse.ArgumentParser) -> None:
    """Add what makes the images."""
    add = parser.add_argument
    add(
        '--model',
        required=True,
        metavar='DIR_OR_CONFIG',
        help='folder of a pipeline, or a config of configs/kb_dmgen',
    )
    add('--checkpoint', metavar='FILE', help='of the model of a config')
    add(
        '--last-weights',
        action='store_true',
        help='of a checkpoint with a moving average not the average',
    )


def add_job_flags(parser: argparse.ArgumentParser) -> None:
    """Add what is to be made, and how."""
    add = parser.add_argument
    add('--prompt', nargs='+', metavar='TEXT', help='one, or several in turn')
    add(
        '--pose',
        metavar='FILE',
        help="JSON (COCO, HumanSD, MMPose's predictions, lists of 17 joints) "
        'or a photo',
    )
    add(
        '--pose-size',
        nargs=2,
        type=int,
        metavar=('WIDTH', 'HEIGHT'),
        help='of the picture that the joints of --pose refer to',
    )
    add('--data', metavar='CONFIG', help='of configs/evaluation, not --pose')
    add('--max-images', type=int, metavar='N', help='spread over --data')
    add('--jobs', metavar='FILE', help='JSON lines, an image each')
    add(
        '--judge',
        default=DEFAULT_JUDGE,
        metavar='CONFIG',
        help='of configs/judges, finds the people of photos; '
        f'{DEFAULT_JUDGE} by default',
    )
    add('--judge-weights', metavar='FILE', help="in place of the config's")
    add('--seed', type=int, default=0, help='of the first image; 0')
    add('--num-images', type=int, default=1, help='seeds of each; 1')
    add('--height', type=int, help="in pixels; the model's by default")
    add('--width', type=int, help="in pixels; the model's by default")
    for name, kind in SETTINGS.items():
        flag = SHORT.get(name, name).replace('_', '-')
        add(f'--{flag}', type=kind, dest=name, metavar=kind.__name__.upper())
