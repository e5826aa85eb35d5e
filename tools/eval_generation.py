"""Score generated images: how well do they show the poses asked for?

python tools/eval_generation.py --images DIR --poses FILE --judge CONFIG

FILE holds COCO keypoints (Human-Art's and ToyHuman's too) or HumanSD's
mapping; images belong to annotations by their names. An image of another
size than annotated is taken for a resize with centre crop. OUT gets
metrics.json, per_image.csv, poses.npz and report.html. Several folders, one
a seed, get a report each and a summary.json with mean and spread.
"""

import argparse
import shlex
import sys
from pathlib import Path

from mmengine.config import DictAction

from mmkbdm.apis.errors import PreflightError, command_line


def parse_args() -> argparse.Namespace:
    """Images, poses, judge and what else is to be measured."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--images', nargs='+', required=True, metavar='DIR')
    add('--poses', required=True, metavar='FILE', help='annotations')
    add(
        '--pose-root',
        metavar='DIR',
        help="where a mapping's pose_path starts; its own folder by default",
    )
    add('--judge', required=True, metavar='CONFIG', help='of configs/judges')
    add('--judge-weights', metavar='FILE', help="in place of the config's")
    add(
        '--reference',
        metavar='DIR',
        help='real images of the same names: ceiling, FID and KID',
    )
    add('--prompts', metavar='FILE', help='in place of those annotated')
    add('--features', metavar='CONFIG', help='of configs/features')
    add('--clip', metavar='NAME_OR_PATH', help='network of the CLIP score')
    add('--protocol', choices=['standard', 'legacy'], default='standard')
    add(
        '--switches',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='of the protocol, for example no_nms=True',
    )
    add(
        '--floor',
        metavar='REPORT',
        help='folder of the report of a model without pose; without it, the '
        'same images are held against the poses of other images',
    )
    add(
        '--out', metavar='DIR', help='work_dirs/eval_generation/... by default'
    )
    add('--batch-size', type=int, default=16)
    add('--fit', choices=['crop', 'none'], default='crop')
    return parser.parse_args()


@command_line
def main() -> None:
    """Judge, score, report."""
    args = parse_args()
    check(args)
    from mmkbdm.evaluation.evaluate_folder import FolderEvaluator, read_floor
    from mmkbdm.evaluation.inputs.image_folder import list_images
    from mmkbdm.evaluation.inputs.pose_file import read_pose_file
    from mmkbdm.evaluation.inputs.prompts import read_prompts
    from mmkbdm.evaluation.judge_ceiling import measure_judge_ceiling
    from mmkbdm.evaluation.judges import build_judge
    from mmkbdm.evaluation.metrics.build_features import (
        build_clip,
        build_features,
    )
    from mmkbdm.evaluation.reports.glossary import headline_names
    from mmkbdm.evaluation.reports.summary import (
        summary_lines,
        write_summary,
    )
    from mmkbdm.evaluation.reports.text_table import report_lines

    protocol = protocol_of(args)
    # Whatever is missing is told before the work begins.
    for folder in args.images + [args.reference] * bool(args.reference):
        list_images(folder)
    records = read_pose_file(args.poses, args.pose_root)
    prompts = read_prompts(args.prompts) if args.prompts else None
    floor = read_floor(args.floor) if args.floor else None
    weights = dict(weights=args.judge_weights) if args.judge_weights else {}
    judge = build_judge(args.judge, **weights)
    features, features_name = None, None
    if args.features:
        features, features_name = build_features(args.features)
    evaluator = FolderEvaluator(
        records,
        args.poses,
        judge,
        protocol_name=args.protocol,
        switches=args.switches or {},
        fit=args.fit,
        reference=args.reference,
        prompts=prompts,
        features=features,
        features_name=features_name,
        clip=build_clip(args.clip) if args.clip else None,
        floor=floor,
        judge_ceiling=measure_judge_ceiling(
            args.judge, judge, protocol, args.batch_size
        ),
        batch_size=args.batch_size,
        command=shlex.join(sys.argv),
    )
    out = Path(args.out or 'work_dirs/eval_generation')
    alone = args.out and len(args.images) == 1
    reports = {}
    for name, folder in names_of(args.images).items():
        where = out if alone else out / name
        reports[name] = evaluator.evaluate(folder, where)
        print(f'\n{folder}', *report_lines(reports[name]), sep='\n')
        print(f'report: {where / "report.html"}')
    if len(reports) > 1:
        summary = write_summary(out, reports)
        names = headline_names(summary['metrics'])
        print('', *summary_lines(summary, names), sep='\n')
        print(f'summary: {out / "summary.json"}')


def check(args: argparse.Namespace) -> None:
    """Refuse what does not go together."""
    if args.features and not args.reference:
        raise PreflightError(
            '--features compares generated with real images: give the '
            'folder of the real ones by --reference'
        )
    if args.batch_size < 1:
        raise PreflightError('--batch-size must be at least 1')


def protocol_of(args: argparse.Namespace):
    """Build the protocol, or name the switches that there are."""
    from mmkbdm.evaluation.functional import SWITCHES, build_protocol

    for name, value in (args.switches or {}).items():
        if name not in SWITCHES or not isinstance(value, bool):
            raise PreflightError(
                f'--switches {name}={value}: it takes True or False for '
                f'{", ".join(SWITCHES)}'
            )
    return build_protocol(args.protocol, args.switches)


def names_of(folders: list[str]) -> dict[str, str]:
    """Name the reports after the folders, with more of the path if needed."""
    paths = [Path(folder).resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        raise PreflightError('--images names a folder twice')
    for names in (
        [path.name for path in paths],
        [f'{path.parent.name}_{path.name}' for path in paths],
        [f'{place}_{path.name}' for place, path in enumerate(paths)],
    ):
        if len(set(names)) == len(names):
            break
    return dict(zip(names, folders))


if __name__ == '__main__':
    main()
