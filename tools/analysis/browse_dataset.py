"""Show what a dataset feeds the model.

Example:
    python tools/analysis/browse_dataset.py CONFIG --phase train
"""

import argparse
from pathlib import Path

from mmkbdm.apis.arguments import (
    CfgOptions,
    check_images_on_load,
    override,
    read_config,
)
from mmkbdm.apis.errors import PreflightError, command_line


def parse_args() -> argparse.Namespace:
    """Flags named as in MMPose's own tool."""
    parser = argparse.ArgumentParser(
        description='Write pictures of what a dataset feeds the model, and '
        'a contact sheet of them.'
    )
    parser.add_argument('config', help='config file path')
    parser.add_argument(
        '--phase',
        choices=['train', 'val', 'test'],
        default='train',
        help='whose dataset; train by default',
    )
    parser.add_argument(
        '--mode',
        choices=['transformed', 'original'],
        default='transformed',
        help='transformed: the input of the model beside the heatmaps it '
        'learns; original: images as they are in the files; transformed by '
        'default',
    )
    parser.add_argument(
        '--output-dir',
        help='folder for the pictures; work_dirs/browse/CONFIG/PHASE by '
        'default',
    )
    parser.add_argument(
        '--max-items',
        type=int,
        default=24,
        help='so many items, spread evenly over the dataset; 24 by default',
    )
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
    """Check what the config needs, then draw."""
    args = parse_args()
    if args.max_items < 1:
        raise PreflightError(f'--max-items {args.max_items} must be 1 or more')
    cfg = read_config(args.config)
    override(cfg, args.cfg_options)
    check_images_on_load(cfg)
    dataset = build_dataset(cfg, args.phase, args.mode)
    out_dir = Path(
        args.output_dir
        or Path('work_dirs', 'browse', Path(args.config).stem, args.phase)
    )
    pen = build_visualizer(cfg.get('visualizer', {}), dataset.metainfo)
    title = f'{Path(args.config).stem}, {args.phase}, {args.mode}'
    count = browse(dataset, pen, out_dir, args.mode, args.max_items, title)
    print(f'{count} pictures and contact_sheet.png are in {out_dir}')


def build_dataset(cfg, phase: str, mode: str):
    """Build the dataset of a phase so that its items can be drawn.

    Args:
        cfg (Config): Complete config, changed in place.
        phase (str): ``train``, ``val`` or ``test``.
        mode (str): ``transformed`` or ``original``.

    Returns:
        Dataset: MMPose's, or a wrapper around some.

    Raises:
        PreflightError: When the config has no such phase, or a file or the
            package of a transform is missing or wrong.
    """
    from mmengine.registry import init_default_scope
    from mmpose.registry import DATASETS

    from mmkbdm.apis.preflight import check_dataset, check_transforms

    loader = cfg.get(f'{phase}_dataloader')
    if loader is None:
        raise PreflightError(
            f'{cfg.filename} has no {phase}_dataloader: give another --phase'
        )
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    if (phase, mode) == ('train', 'transformed'):
        check_transforms(cfg)
    check_dataset(loader.dataset, f'{phase}_dataloader.dataset')
    _prepare_pipelines(loader.dataset, mode)
    return DATASETS.build(loader.dataset)


def _prepare_pipelines(cfg, mode: str) -> None:
    """Empty the pipelines, or let them keep the transformed keypoints."""
    if isinstance(cfg, list | tuple):
        for value in cfg:
            _prepare_pipelines(value, mode)
    elif isinstance(cfg, dict):
        if cfg.get('type') == 'PackPoseInputs':
            cfg.pack_transformed = True
        if mode == 'original' and 'pipeline' in cfg:
            cfg.pipeline = []
        for value in cfg.values():
            _prepare_pipelines(value, mode)


def build_visualizer(cfg: dict, metainfo: dict):
    """Build the PoseLocalVisualizer of a config, with no other output.

    Args:
        cfg (dict): Config of the visualizer, or {}.
        metainfo (dict): Of the dataset: colours and links.

    Returns:
        PoseLocalVisualizer: Ready to draw.
    """
    from mmpose.visualization import PoseLocalVisualizer

    unused = ('type', '_scope_', 'name', 'vis_backends', 'save_dir')
    settings = {k: v for k, v in cfg.items() if k not in unused}
    pen = PoseLocalVisualizer('browse', **settings)
    pen.set_dataset_meta(metainfo)
    return pen


def browse(
    dataset, pen, out_dir: Path, mode: str, max_items: int, title: str
) -> int:
    """Draw items of a dataset into a folder.

    Args:
        dataset (Dataset): Of :func:`build_dataset`.
        pen (PoseLocalVisualizer): Of :func:`build_visualizer`.
        out_dir (Path): Made when missing; pictures of the same names are
            replaced.
        mode (str): ``transformed`` or ``original``.
        max_items (int): Largest number of items.
        title (str): Of the contact sheet, which shows up to 24 items.

    Returns:
        int: Number of pictures.

    Raises:
        PreflightError: When the dataset is empty.
    """
    import mmcv
    import numpy as np
    from tqdm import tqdm

    from mmkbdm.visualization import contact_sheet

    if len(dataset) == 0:
        raise PreflightError('the dataset has no item that can be used')
    draw = _draw_original if mode == 'original' else _draw_transformed
    count = min(max_items, len(dataset))
    indices = np.linspace(0, len(dataset) - 1, count).round().astype(int)
    sheet = []
    for index in tqdm(indices, desc='browse', unit='item'):
        picture, img_path = draw(pen, dataset[int(index)])
        name = f'{index:06d}_{Path(img_path).stem}.png'
        mmcv.imwrite(picture, str(out_dir / name))
        if len(sheet) < 24:
            sheet.append(picture)
    title = f'{title}: {len(sheet)} of {len(dataset)} items'
    mmcv.imwrite(
        contact_sheet(sheet, columns=4, title=title),
        str(out_dir / 'contact_sheet.png'),
    )
    return count


def _draw_original(pen, item: dict):
    """One person, or all of a bottom-up item, in the image of the file."""
    import mmcv
    from mmengine.structures import InstanceData
    from mmpose.structures import PoseDataSample

    from mmkbdm import visualization as vis

    image = mmcv.imread(item['img_path'], channel_order='rgb')
    image, zoom = vis.enlarge(image)
    vis.fit_pen(pen, image)
    people = InstanceData(
        keypoints=vis.zoom_points(item['keypoints'], zoom),
        keypoints_visible=vis.labelled(
            item['keypoints'], item['keypoints_visible']
        ),
        bboxes=vis.zoom_points(item['bbox'].reshape(-1, 2, 2), zoom).reshape(
            -1, 4
        ),
    )
    drawn = pen.add_datasample(
        'item',
        image,
        PoseDataSample(gt_instances=people),
        draw_pred=False,
        draw_bbox=True,
    )
    name = Path(item['img_path']).name
    caption = name if people.keypoints_visible.any() else f'{name}, box only'
    return vis.captioned(drawn[..., ::-1], [caption]), name


def _draw_transformed(pen, item: dict):
    """The input of the model beside the largest value of its heatmaps."""
    import numpy as np
    from mmengine.structures import InstanceData
    from mmpose.structures import MultilevelPixelData, PoseDataSample

    from mmkbdm import visualization as vis

    sample = item['data_samples']
    crop = item['inputs'].permute(1, 2, 0).numpy()[..., ::-1]
    image, zoom = vis.enlarge(np.ascontiguousarray(crop))
    vis.fit_pen(pen, image)
    truth = sample.gt_instances
    people = InstanceData(
        keypoints=vis.zoom_points(truth.transformed_keypoints, zoom),
        keypoints_visible=vis.labelled(
            truth.keypoints, truth.keypoints_visible
        ),
    )
    panels = [
        pen.add_datasample(
            'item', image, PoseDataSample(gt_instances=people), draw_pred=False
        )
    ]
    captions = ['input']
    fields = sample.get('gt_fields')
    if isinstance(fields, MultilevelPixelData):
        fields = fields[-1]
    if fields is not None and 'heatmaps' in fields:
        panels.append(_overlay(image, fields.heatmaps))
        captions.append('heatmaps')
    picture = np.concatenate(panels, axis=1)[..., ::-1]
    return vis.captioned(picture, captions), sample.img_path


def _overlay(image, heatmaps):
    """Lay the largest value of all heatmaps over a darkened image."""
    import cv2
    import numpy as np

    largest = np.asarray(heatmaps).max(axis=0)
    largest = cv2.resize(largest, image.shape[1::-1])
    largest = np.clip(largest, 0, 1)[..., None]
    colours = cv2.applyColorMap(
        (largest * 255).astype(np.uint8), cv2.COLORMAP_INFERNO
    )[..., ::-1]
    share = np.minimum(1, 2 * largest)
    return (0.5 * image * (1 - share) + colours * share).astype(np.uint8)


if __name__ == '__main__':
    main()
