import importlib.util
import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from coco_paths import data_options, needs_coco

from mmkbdm.apis.errors import TOY_CONFIG
from mmkbdm.datasets.toy_human import write_dataset

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=6, num_val=3, size=64, max_people=1)
    return root


@pytest.fixture
def browse(monkeypatch, capsys, tmp_path):
    """Call the tool's main in this process; returns status, output, error."""
    spec = importlib.util.spec_from_file_location(
        'browse_dataset', ROOT / 'tools/analysis/browse_dataset.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(config, *args):
        argv = ['browse', str(ROOT / config), *map(str, args)]
        monkeypatch.setattr(sys, 'argv', argv)
        monkeypatch.chdir(tmp_path)
        status = 0
        try:
            module.main()
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


def toy_options(toy, *phases):
    return [
        '--cfg-options',
        *(f'{p}_dataloader.dataset.data_root={toy}/' for p in phases),
    ]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_input_beside_heatmaps(browse, toy, tmp_path):
    status, out, err = browse(
        TOY_CONFIG, '--max-items', 4, *toy_options(toy, 'train')
    )
    folder = Path('work_dirs/browse', Path(TOY_CONFIG).stem, 'train')
    assert status == 0, err
    assert out.splitlines()[-1] == (
        f'4 pictures and contact_sheet.png are in {folder}'
    )
    assert names(tmp_path / folder) == [
        '000000_000000.png',
        '000002_000002.png',
        '000003_000003.png',
        '000005_000005.png',
        'contact_sheet.png',
    ]
    picture = cv2.imread(str(tmp_path / folder / '000000_000000.png'))
    # The 64x96 input, eight times as large, twice.
    assert picture.shape[1] == 2 * 64 * 8
    heatmaps = picture[-96 * 8 :, 64 * 8 :].astype(int)
    # Inferno: the peaks are more red than blue, by much.
    assert (heatmaps[..., 2] - heatmaps[..., 0]).max() > 150


def test_skeletons_lie_on_the_joints(browse, toy, tmp_path):
    """Without augmentation the heatmap peaks and the dots coincide."""
    status, _, err = browse(
        TOY_CONFIG,
        '--mode',
        'original',
        '--phase',
        'val',
        '--output-dir',
        tmp_path / 'out',
        *toy_options(toy, 'val'),
    )
    assert status == 0, err
    content = json.loads((toy / 'annotations' / 'val.json').read_text())
    points = np.reshape(content['annotations'][0]['keypoints'], (17, 3))
    picture = cv2.imread(str(tmp_path / 'out' / '000000_000000.png'))
    picture = picture[-512:]
    image = cv2.imread(str(toy / 'val' / '000000.png'))
    plain = cv2.resize(image, (512, 512), interpolation=cv2.INTER_CUBIC)
    drawn = (picture != plain).any(axis=2)
    assert drawn.mean() < 0.2
    for x, y, visible in points:
        column, row = int((x + 0.5) * 8 - 0.5), int((y + 0.5) * 8 - 0.5)
        if visible and 4 < row < 508 and 4 < column < 508:
            near = drawn[row - 2 : row + 3, column - 2 : column + 3]
            assert near.mean() > 0.8


def test_a_test_pipeline_has_no_heatmaps(browse, toy, tmp_path):
    status, _, err = browse(
        TOY_CONFIG,
        '--phase',
        'test',
        '--output-dir',
        tmp_path / 'out',
        *toy_options(toy, 'test'),
    )
    assert status == 0, err
    picture = cv2.imread(str(tmp_path / 'out' / '000000_000000.png'))
    assert picture.shape[1] == 64 * 8


@pytest.mark.parametrize(
    'args, reason',
    [
        ([], 'make it by python tools/dataset/make_toy_human.py'),
        (['--max-items', 0], '--max-items 0 must be 1 or more'),
        (['--cfg-options', 'train_dataloader=None'], 'no train_dataloader'),
    ],
)
def test_wrong_input_is_one_line(browse, args, reason):
    status, _, err = browse(TOY_CONFIG, *args)
    assert status == 2
    assert reason in err
    assert err.startswith('error: ')
    assert err.count('\n') == 1


def test_a_transform_without_its_package(browse, toy, monkeypatch):
    monkeypatch.setattr('mmkbdm.apis.preflight.find_spec', lambda name: None)
    option = 'train_dataloader.dataset.pipeline.0.type=Albumentation'
    status, _, err = browse(TOY_CONFIG, *toy_options(toy, 'train'), option)
    assert status == 2
    assert 'error: albumentations cannot be imported' in err


def test_corrupt_image(browse, toy, tmp_path):
    root = tmp_path / 'data'
    shutil.copytree(toy, root)
    (root / 'train' / '000000.png').write_bytes(b'no image')
    status, _, err = browse(TOY_CONFIG, *toy_options(root, 'train'))
    assert status == 2
    assert 'train/000000.png of annotation' in err.splitlines()[-1]


@needs_coco
@pytest.mark.parametrize('phase', ['train', 'test'])
@pytest.mark.parametrize('mode', ['transformed', 'original'])
def test_coco(browse, tmp_path, phase, mode):
    status, _, err = browse(
        'configs/rmpg/vitpose_b_rmpg_coco.py',
        *('--phase', phase, '--mode', mode, '--max-items', 2),
        *('--output-dir', tmp_path / 'out', '--cfg-options'),
        *data_options(),
    )
    assert status == 0, err
    assert len(names(tmp_path / 'out')) == 3
