"""Score generated images: how well do they show the poses asked for?

python tools/eval_generation.py --images DIR --poses FILE

FILE holds COCO keypoints (Human-Art's and ToyHuman's too) or HumanSD's
mapping; images belong to annotations by their names. An image of another
size than annotated is taken for a resize with centre crop. OUT gets
metrics.json, per_image.csv, poses.npz and report.html. Several folders, one
a seed, get a report each and a summary.json with mean and spread.
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmkbdm.apis.arguments import add_scoring_flags
from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable

DEFAULT_OUT = 'work_dirs/eval_generation'


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
        help="where a mapping's paths start; its own folder by default",
    )
    add_scoring_flags(parser)
    add(
        '--reference',
        metavar='DIR',
        help='real images of the same names: ceiling, FID and KID',
    )
    add('--prompts', metavar='FILE', help='in place of those annotated')
    add(
        '--switches',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='of the protocol, for example no_nms=True',
    )
    add(
        '--out',
        metavar='DIR',
        help=f'{DEFAULT_OUT}/PARENT_NAME of the folder by default',
    )
    add('--batch-size', type=int, default=16)
    add('--fit', choices=['crop', 'none'], default='crop')
    return parser.parse_args()


@command_line
def main() -> None:
    """Judge, score, report."""
    args = parse_args()
    check(args)
    out, places = places_of(args.images, args.out)
    check_writable(out)
    from mmkbdm.evaluation.evaluate_folder import FolderEvaluator
    from mmkbdm.evaluation.inputs.collect import collect_items
    from mmkbdm.evaluation.inputs.pose_file import read_pose_file
    from mmkbdm.evaluation.inputs.prompts import read_prompts
    from mmkbdm.evaluation.reports.glossary import headline_names
    from mmkbdm.evaluation.reports.summary import (
        summary_lines,
        write_summary,
    )
    from mmkbdm.evaluation.reports.text_table import report_lines
    from mmkbdm.evaluation.scorer import build_scorer

    check_switches(args)
    # Whatever is missing is told before the work begins.
    records = read_pose_file(args.poses, args.pose_root)
    prompts = read_prompts(args.prompts) if args.prompts else None
    inputs = [
        collect_items(folder, records, args.poses, args.reference, prompts)
        for folder in args.images
    ]
    scorer = build_scorer(
        args, args.switches or {}, batch_size=args.batch_size
    )
    evaluator = FolderEvaluator(scorer, args.poses, args.reference, args.fit)
    reports = {}
    for where, one in zip(places, inputs):
        reports[where.name] = evaluator.evaluate(one, where)
        lines = report_lines(reports[where.name])
        print(f'\n{one.folder}', *lines, sep='\n')
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


def check_switches(args: argparse.Namespace) -> None:
    """Name the switches that there are."""
    from mmkbdm.evaluation.functional import SWITCHES

    for name, value in (args.switches or {}).items():
        if name not in SWITCHES or not isinstance(value, bool):
            raise PreflightError(
                f'--switches {name}={value}: it takes True or False for '
                f'{", ".join(SWITCHES)}'
            )


def places_of(folders: list[str], out: str | None) -> tuple[Path, list[Path]]:
    """Return the folder of the summary and those of the reports.

    Without ``out``, a report is named after its folder and the one above it,
    so that the next run does not replace it.
    """
    paths = [Path(folder).resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        raise PreflightError('--images names a folder twice')
    if out is not None and len(folders) == 1:
        return Path(out), [Path(out)]
    short = [path.name for path in paths]
    long = [f'{path.parent.name}_{path.name}' for path in paths]
    numbered = [f'{place}_{name}' for place, name in enumerate(long)]
    for names in (long, numbered) if out is None else (short, long, numbered):
        if len(set(names)) == len(names):
            break
    base = Path(out or DEFAULT_OUT)
    places = [base / name for name in names]
    if out is None:
        more = f'_and_{len(names) - 1}_more' if len(names) > 1 else ''
        base /= names[0] + more
    return base, places


if __name__ == '__main__':
    main()
