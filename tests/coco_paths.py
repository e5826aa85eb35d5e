"""Where the real images lie that the project uses in place."""

from pathlib import Path

import pytest

COCO = Path(__file__).parents[2] / 'shared' / 'data' / 'coco'
ANN_FILE = COCO / 'test_coco.json'
BBOX_FILE = COCO / 'test_coco_det_AP_H_56.json'

needs_coco = pytest.mark.skipif(
    not ANN_FILE.exists(),
    reason=f'the four real COCO images are not at {COCO}',
)


def data_options(phases=('train', 'val', 'test')):
    """--cfg-options that point a COCO config to the real images."""
    options = []
    for phase in phases:
        prefix = f'{phase}_dataloader'
        options += [
            f'{prefix}.dataset.data_root={COCO}/',
            f'{prefix}.dataset.ann_file={ANN_FILE.name}',
            f'{prefix}.dataset.data_prefix.img=',
            f'{prefix}.num_workers=0',
            f'{prefix}.persistent_workers=False',
        ]
        if phase != 'train':
            options += [
                f'{prefix}.dataset.bbox_file={BBOX_FILE}',
                f'{phase}_evaluator.ann_file={ANN_FILE}',
            ]
    return options
