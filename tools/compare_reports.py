"""Compare reports: python tools/compare_reports.py A B [C ...].

Each argument is a folder that an evaluation of generated images has written.
One table: every score of every report with its 95 % interval over images,
and the difference to the first report with the interval of the difference,
the same resampled images for all. Images are matched by name.
"""

import argparse
import sys
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable, write_file

FORMATS = ('.html', '.md', '.json')


def parse_args() -> argparse.Namespace:
    """Reports, and where the table goes."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition('\n\n')[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('reports', nargs='+', help='folders of reports')
    parser.add_argument(
        '--out', help='file to write as well: .html, .md or .json'
    )
    parser.add_argument(
        '--resamples', type=int, default=1000, help='of the images (1000)'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='of the resampling (0)'
    )
    return parser.parse_args()


@command_line
def main() -> None:
    """Read, resample, print, write."""
    args = parse_args()
    suffix = Path(args.out).suffix if args.out else ''
    if args.out and suffix not in FORMATS:
        raise PreflightError(
            f'--out {args.out} must end in {", ".join(FORMATS)}'
        )
    if args.seed < 0:
        raise PreflightError(f'--seed {args.seed} must not be negative')
    if args.out:
        check_writable(Path(args.out).parent)
    from mmkbdm.evaluation.reports.compare import compare_reports
    from mmkbdm.evaluation.reports.comparison_page import as_markdown
    from mmkbdm.evaluation.reports.read import read_report

    reports = [read_report(folder) for folder in args.reports]
    comparison = compare_reports(reports, args.resamples, args.seed)
    for warning in comparison['warnings']:
        print(f'warning: {warning}', file=sys.stderr)
    print(as_markdown(comparison), end='')
    if args.out:
        write(args.out, suffix, comparison)
        print(f'\n{args.out}')


def write(path: str, suffix: str, comparison: dict) -> None:
    """Write a comparison in the form that the suffix asks for."""
    import json

    from mmkbdm.evaluation.reports.comparison_page import as_markdown, as_page

    if suffix == '.html':
        text = as_page(comparison)
    elif suffix == '.md':
        text = as_markdown(comparison)
    else:
        text = json.dumps(comparison, indent=2, allow_nan=False) + '\n'
    write_file(text.encode(), path)


if __name__ == '__main__':
    main()
