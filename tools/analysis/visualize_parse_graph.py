"""Show how a trained parse graph looks at a person.

Pages for people who do not know the code: who listens to whom among the
sub-maps of a node, where its context is strong, how far the gates are open,
and which part of the body each supervised node finds.

Example:
    python tools/analysis/visualize_parse_graph.py CONFIG CHECKPOINT IMAGE \
        --bbox 27 38 44 78 --joints left_wrist right_knee --nodes 0.0 1.1
"""

import argparse
import difflib
import json
from pathlib import Path

from mmkbdm.apis.arguments import (
    CfgOptions,
    check_images_on_load,
    override,
    read_config,
)
from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable

# In COCO, CrowdPose and MPII alike.
DEFAULT_JOINTS = ('left_wrist', 'left_ankle')


def parse_args() -> argparse.Namespace:
    """A network, a person, and what to show."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config with an RMPG neck')
    parser.add_argument('checkpoint', help='checkpoint of that config')
    parser.add_argument('image', help='image file')
    box = parser.add_mutually_exclusive_group()
    box.add_argument(
        '--bbox',
        nargs=4,
        type=float,
        metavar=('X', 'Y', 'W', 'H'),
        help='box of the person in pixels; the whole image by default',
    )
    box.add_argument(
        '--ann', help='COCO file: every person that it has in the image'
    )
    parser.add_argument(
        '--joints',
        nargs='+',
        metavar='NAME',
        help='where to ask; left_wrist left_ankle by default',
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        '--levels',
        nargs='+',
        type=int,
        help='levels whose context relations to show, 0 is the root; all by '
        'default',
    )
    which.add_argument(
        '--nodes',
        nargs='+',
        metavar='LEVEL.NODE',
        help='nodes whose context relations to show; all by default',
    )
    parser.add_argument(
        '--stage',
        type=int,
        default=-1,
        help='parse graph of a hierarchical neck; the last one by default',
    )
    parser.add_argument(
        '--map',
        type=int,
        default=-1,
        help='feature map of a host with several; the last one by default',
    )
    parser.add_argument(
        '--out',
        help='folder for the pages; work_dirs/parse_graph/CONFIG/IMAGE by '
        'default',
    )
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        metavar='KEY=VALUE',
        help='override settings of the config',
    )
    return parser.parse_args()


@command_line
def main() -> None:
    """Check the input, then write page after page."""
    args = parse_args()
    boxes = person_boxes(args.image, args.bbox, args.ann)
    cfg = read_config(args.config)
    override(cfg, args.cfg_options)
    check_images_on_load(cfg)
    out_dir = Path(
        args.out
        or Path(
            'work_dirs/parse_graph',
            Path(args.config).stem,
            Path(args.image).stem,
        )
    )
    check_writable(out_dir)

    from mmkbdm.analysis.network import check_device
    from mmkbdm.visualization.parse_graph_book import write_pages
    from mmkbdm.visualization.parse_graph_person import load_network, look_at

    check_device(args.device)
    model, supervised = load_network(cfg, args.checkpoint, args.device)
    joints = known_joints(args.joints, model.dataset_meta['keypoint_name2id'])
    for index, box in enumerate(boxes):
        person = look_at(model, args.image, box)
        place = chosen_stage(person, args.map, args.stage)
        nodes = chosen_nodes(person, place, args.levels, args.nodes)
        folder = out_dir / f'person{index}' if len(boxes) > 1 else out_dir
        for line in write_pages(
            model, person, place, nodes, joints, folder, supervised
        ):
            print(line, flush=True)


def person_boxes(image: str, bbox: list | None, ann: str | None) -> list:
    """Boxes of the people to look at.

    Args:
        image (str): Path of the image.
        bbox (list[float], optional): The only box.
        ann (str, optional): COCO file to take the boxes from.

    Returns:
        list[list[float]]: Each x, y, width, height in pixels.

    Raises:
        PreflightError: When the image cannot be read, or a box is not in it.
    """
    import cv2

    if not Path(image).is_file():
        raise PreflightError(f'{image} does not exist: give an image file')
    picture = cv2.imread(image)
    if picture is None:
        raise PreflightError(
            f'{image} cannot be decoded: give a PNG, JPEG or other image'
        )
    height, width = picture.shape[:2]
    boxes = [bbox or [0, 0, width, height]]
    if ann is not None:
        boxes = annotated_boxes(image, ann)
    for x, y, w, h in boxes:
        inside = x < width and y < height and x + w > 0 and y + h > 0
        if not (w > 0 and h > 0 and inside):
            raise PreflightError(
                f'the box {x:g} {y:g} {w:g} {h:g} (x y width height) is not '
                f'in {image} of {width} x {height} pixels: give another '
                '--bbox'
            )
    return boxes


def annotated_boxes(image: str, ann: str) -> list:
    """Boxes that a COCO file has for an image, found by its file name."""
    try:
        content = json.loads(Path(ann).read_text(encoding='utf-8'))
        records = content['images'], content['annotations']
        ids = [
            record['id']
            for record in records[0]
            if Path(record['file_name']).name == Path(image).name
        ]
        boxes = [r['bbox'] for r in records[1] if r['image_id'] in ids]
    except FileNotFoundError as error:
        raise PreflightError(f'{ann} does not exist (--ann)') from error
    except (ValueError, KeyError, TypeError) as error:
        raise PreflightError(
            f'{ann} is no COCO file ({error!r}): give another --ann'
        ) from error
    if not boxes:
        raise PreflightError(
            f'{ann} has no person in an image named {Path(image).name}: give '
            'the file of that image, or --bbox'
        )
    return boxes


def known_joints(names: list[str] | None, known: dict) -> list[str]:
    """Check the names of joints, or choose some.

    Raises:
        PreflightError: Suggests a name for one that does not exist.
    """
    if names is None:
        default = [name for name in DEFAULT_JOINTS if name in known]
        return default or list(known)[:1]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f'did you mean {close[0]}? ' if close else ''
            raise PreflightError(
                f'--joints {name} is no joint of the dataset: {hint}It has '
                f'{", ".join(known)}'
            )
    return list(dict.fromkeys(names))


def chosen_stage(person, graph: int, stage: int):
    """The place of the root of a stage; -1 is the last one.

    Raises:
        PreflightError: When the network has no such map or stage.
    """
    counts = [1 + max(place[i] for place in person.levels) for i in (0, 1)]
    for flag, value, count in zip(('map', 'stage'), (graph, stage), counts):
        if not -count <= value < count:
            raise PreflightError(
                f'--{flag} {value} does not exist: the neck has {count}, '
                'counted from 0'
            )
    return next(
        place
        for place in person.levels
        if place[:2] == (graph % counts[0], stage % counts[1])
    )


def chosen_nodes(person, stage, levels: list | None, nodes: list | None):
    """Nodes, as (level, node), whose context relation is shown.

    Raises:
        PreflightError: When a level or node does not exist.
    """
    tree = [
        (place.level, node)
        for place, record in person.levels.items()
        if place[:2] == stage[:2]
        for node in range(record.num_nodes)
    ]
    depth = 1 + tree[-1][0]
    for level in levels or []:
        if not 0 <= level < depth:
            raise PreflightError(
                f'--levels {level} does not exist: the parse graph has '
                f'{depth} levels, 0 is the root'
            )
    names = [f'{level}.{node}' for level, node in tree]
    for name in nodes or []:
        if name not in names:
            raise PreflightError(
                f'--nodes {name} does not exist: the nodes are '
                f'{", ".join(names)}'
            )
    return [
        place
        for place, name in zip(tree, names)
        if name in (nodes or names) and place[0] in (levels or range(depth))
    ]


if __name__ == '__main__':
    main()
