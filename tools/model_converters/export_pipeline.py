"""Write a trained generator as a pipeline of diffusers.

python tools/model_converters/export_pipeline.py CONFIG CHECKPOINT --out DIR

DIR holds everything, frozen parts included, as safetensors:
mmkbdm.pipelines.KBDMGenPipeline.from_pretrained(DIR), tools/generate.py
--model DIR and tools/generate_and_eval.py --pipeline DIR take it. With
--out FILE.safetensors only what was trained is written, to be given as
--checkpoint with CONFIG. Of a training with a moving average the average is
taken. A model without adapter needs no CHECKPOINT.
"""

import argparse
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable


def parse_args() -> argparse.Namespace:
    """Config, checkpoint, and what to write."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='of configs/kb_dmgen')
    add('checkpoint', nargs='?', help='that tools/train.py wrote')
    add(
        '--out',
        metavar='DIR_OR_FILE',
        help='work_dirs/pipelines/CONFIG by default',
    )
    add('--half', action='store_true', help='float16, half the size')
    add(
        '--last-weights',
        action='store_true',
        help='not the moving average, but what it is of',
    )
    return parser.parse_args()


@command_line
def main() -> None:
    """Build, load, write."""
    args = parse_args()
    out = Path(args.out or Path('work_dirs/pipelines', Path(args.config).stem))
    check_writable(out.parent)
    if Path(args.config).suffix != '.py':
        raise PreflightError(
            f'{args.config} is no config: give one of configs/kb_dmgen'
        )
    from mmkbdm.generation.build import build_generator
    from mmkbdm.models.generators import PoseGuidedGenerator
    from mmkbdm.pipelines.export import export_pipeline, export_weights

    generator = build_generator(
        args.config, args.checkpoint, averaged=not args.last_weights
    )
    if not isinstance(generator, PoseGuidedGenerator):
        raise PreflightError(
            f'{args.config} describes a {type(generator).__name__}, no '
            'generator of configs/kb_dmgen'
        )
    if args.checkpoint is None and generator.adapter is not None:
        raise PreflightError(
            f'the adapter of {args.config} would be random: give the '
            'checkpoint that was trained with it'
        )
    if out.suffix == '.safetensors':
        export_weights(generator, out, args.half)
    else:
        export_pipeline(generator, out, args.half)
    print(f'{out}: {_size(out) / 1e6:.1f} MB')


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob('*')
    return sum(one.stat().st_size for one in files if one.is_file())


if __name__ == '__main__':
    main()
