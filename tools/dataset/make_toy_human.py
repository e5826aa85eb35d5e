"""Write ToyHuman, a dataset of rendered people in COCO format.

Example:
    python tools/dataset/make_toy_human.py data/toyhuman --workers 2
"""

import argparse
import sys
import time
from pathlib import Path

import cv2

from mmkbdm.datasets.toy_human import (
    ToyHumanError,
    contact_sheet,
    verify_dataset,
    write_dataset,
)


def parse_args(argv=None):
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        description='Write ToyHuman: rendered articulated people in ten '
        'drawn and painted styles, with COCO keypoints and captions. The '
        'same arguments give the same images on every machine. An '
        'interrupted run is continued by running it again.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        'out', nargs='?', default='data/toyhuman', help='dataset folder'
    )
    parser.add_argument(
        '--num-train', type=int, default=3000, help='images to train on'
    )
    parser.add_argument(
        '--num-val', type=int, default=500, help='images to validate on'
    )
    parser.add_argument(
        '--size', type=int, default=128, help='width and height in pixels'
    )
    parser.add_argument(
        '--max-people',
        type=int,
        default=4,
        help='largest number of people in an image, 1 to 4',
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed')
    parser.add_argument(
        '--workers', type=int, default=1, help='processes that render'
    )
    parser.add_argument(
        '--verify',
        action='store_true',
        help='write nothing; compare OUT with its manifest',
    )
    parser.add_argument(
        '--contact-sheet',
        metavar='FILE',
        help='write no dataset; draw samples of every style into FILE',
    )
    parser.add_argument(
        '--skeletons',
        action='store_true',
        help='overlay the joints on the contact sheet',
    )
    args = parser.parse_args(argv)
    if args.skeletons and not args.contact_sheet:
        parser.error('--skeletons needs --contact-sheet FILE')
    if args.verify and args.contact_sheet:
        parser.error('--verify and --contact-sheet exclude each other')
    return args


def run(args):
    """Do what the command line asks for and return the exit status."""
    if args.verify:
        return _verify(args.out)
    if args.contact_sheet:
        return _draw_sheet(args)
    start = time.perf_counter()
    rendered = write_dataset(
        args.out,
        args.num_train,
        args.num_val,
        args.size,
        args.max_people,
        args.seed,
        args.workers,
        progress=True,
    )
    seconds = time.perf_counter() - start
    total = args.num_train + args.num_val
    print(
        f'{args.out}: {args.num_train} train and {args.num_val} val images; '
        f'rendered {rendered} of {total} in {seconds:.1f} s '
        f'({rendered / seconds:.0f} images/s)'
    )
    return 0


def _verify(folder):
    problems = verify_dataset(folder)
    for line in problems[:10]:
        print(line)
    if problems:
        print(f'{folder}: {len(problems)} files differ from the manifest')
        return 1
    print(f'{folder}: intact')
    return 0


def _draw_sheet(args):
    sheet = contact_sheet(
        args.size, args.max_people, args.seed, skeletons=args.skeletons
    )
    path = Path(args.contact_sheet)
    if path.suffix.lower() not in ('.png', '.jpg', '.jpeg'):
        raise ToyHumanError(
            f'{path} is not an image name; end it in .png or .jpg'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, sheet)[1].tobytes())
    print(f'{path}: contact sheet written')
    return 0


def main(argv=None):
    """Run the command line; errors of the user end in one line."""
    args = parse_args(argv)
    try:
        return run(args)
    except ToyHumanError as error:
        print(f'error: {error}', file=sys.stderr)
    except OSError as error:
        print(
            f'error: cannot write {error.filename or args.out}: '
            f'{error.strerror}; choose a folder that you may write to',
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print(
            '\ninterrupted; the same command continues here', file=sys.stderr
        )
        return 130
    return 2


if __name__ == '__main__':
    sys.exit(main())
