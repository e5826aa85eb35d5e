import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

import mmkbdm.compat
from mmkbdm.datasets.toy_human import (
    ToyHumanError,
    coco_writer,
    verify_dataset,
    write_dataset,
)

mmkbdm.compat.activate()

ROOT = Path(__file__).parents[3]
TOOL = ROOT / 'tools' / 'dataset' / 'make_toy_human.py'
ARGUMENTS = dict(num_train=150, num_val=10, size=48, max_people=3, seed=4)


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toy') / 'toyhuman'
    assert write_dataset(folder, **ARGUMENTS) == 160
    return folder


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


def load(folder, split):
    return json.loads((folder / 'annotations' / f'{split}.json').read_text())


def test_layout(dataset):
    names = set(content(dataset))
    expected = {f'train/{i:06d}.png' for i in range(150)}
    expected |= {f'val/{i:06d}.png' for i in range(10)}
    expected |= {'annotations/train.json', 'annotations/val.json'}
    assert names == expected | {'manifest.json'}
    assert verify_dataset(dataset) == []


def test_bytes_do_not_depend_on_the_number_of_workers(dataset, tmp_path):
    write_dataset(tmp_path / 'two', **ARGUMENTS, workers=2)
    assert content(tmp_path / 'two') == content(dataset)


def test_splits_share_no_image_and_no_id(dataset):
    files = content(dataset)
    train = {files[name] for name in files if name.startswith('train/')}
    val = {files[name] for name in files if name.startswith('val/')}
    assert len(train) == 150
    assert len(val) == 10
    assert not train & val
    for key in ('images', 'annotations'):
        ids = [
            {entry['id'] for entry in load(dataset, split)[key]}
            for split in ('train', 'val')
        ]
        assert not ids[0] & ids[1]


def test_a_longer_split_begins_with_the_same_images(dataset, tmp_path):
    shorter = {**ARGUMENTS, 'num_train': 5, 'num_val': 0}
    write_dataset(tmp_path / 'short', **shorter)
    files = content(tmp_path / 'short')
    for i in range(5):
        name = f'train/{i:06d}.png'
        assert files[name] == content(dataset)[name]
    assert load(tmp_path / 'short', 'val')['images'] == []


@pytest.mark.parametrize('split', ['train', 'val'])
def test_coco_fields(dataset, split):
    coco = load(dataset, split)
    assert coco['info']['seed'] == 4
    assert coco['info']['size'] == 48
    assert coco['info']['version']
    category = coco['categories'][0]
    assert len(category['keypoints']) == 17
    assert len(category['skeleton']) == 19
    assert category['skeleton'][0] == [16, 14]
    images = {image['id']: image for image in coco['images']}
    assert len(images) == len(coco['images']) == ARGUMENTS[f'num_{split}']
    assert min(images) > 0
    for image in images.values():
        pixels = cv2.imread(str(dataset / split / image['file_name']))
        assert pixels.shape == (image['height'], image['width'], 3)
        style = image['description'].split(',')[0]
        assert image['category'] == style.replace('_', ' ')
    ids = [annotation['id'] for annotation in coco['annotations']]
    assert len(set(ids)) == len(ids)
    assert min(ids) > 0
    people = [annotation['image_id'] for annotation in coco['annotations']]
    assert set(people) == set(images)
    assert max(people.count(i) for i in set(people)) == 3
    for annotation in coco['annotations']:
        check_annotation(annotation, images[annotation['image_id']])


def check_annotation(annotation, image):
    assert annotation['category_id'] == 1
    assert annotation['iscrowd'] == 0
    numbers = annotation['keypoints'] + annotation['bbox']
    assert len(numbers) == 55
    assert all(math.isfinite(n) for n in numbers)
    x, y, w, h = annotation['bbox']
    assert x >= 0
    assert y >= 0
    assert w > 0
    assert h > 0
    assert x + w <= image['width']
    assert y + h <= image['height']
    assert 0 < annotation['area'] <= w * h
    joints = list(zip(*(annotation['keypoints'][i::3] for i in range(3))))
    assert annotation['num_keypoints'] == sum(v > 0 for _, _, v in joints)
    for px, py, v in joints:
        assert v in (0, 1, 2)
        assert (v == 0) == ((px, py) == (0, 0))
        if v:
            assert 0 <= px <= image['width'] - 1
            assert 0 <= py <= image['height'] - 1
        if v == 2:
            assert x - 1 <= px <= x + w
            assert y - 1 <= py <= y + h
    for polygon in annotation['segmentation']:
        assert len(polygon) >= 6
        assert len(polygon) % 2 == 0
        assert x <= min(polygon[::2])
        assert max(polygon[::2]) <= x + w


def test_sigkill_and_resume_equals_an_uninterrupted_run(dataset, tmp_path):
    folder = tmp_path / 'killed'
    command = [sys.executable, str(TOOL), str(folder)]
    for key, value in ARGUMENTS.items():
        command += [f'--{key.replace("_", "-")}', str(value)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.DEVNULL,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    record = folder / '.progress' / 'train-000000.json'
    deadline = time.monotonic() + 30
    while not record.exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert record.exists()
    assert not (folder / 'manifest.json').exists()
    kept = (folder / 'train' / '000000.png').stat().st_mtime_ns
    (folder / 'train' / '000149.png.1.tmp').write_bytes(b'half')
    rendered = write_dataset(folder, **ARGUMENTS)
    assert 0 < rendered <= 160 - 64
    assert (folder / 'train' / '000000.png').stat().st_mtime_ns == kept
    assert content(folder) == content(dataset)


def test_resume_replaces_an_image_that_changed_meanwhile(
    dataset, tmp_path, monkeypatch
):
    def interrupt(folder, settings):
        raise KeyboardInterrupt

    folder = tmp_path / 'stopped'
    with monkeypatch.context() as patch:
        patch.setattr(coco_writer, '_finish', interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_dataset(folder, **ARGUMENTS)
    (folder / 'train' / '000003.png').write_bytes(b'half')
    (folder / 'val' / '000002.png').unlink()
    assert write_dataset(folder, **ARGUMENTS) == 64 + 10
    assert content(folder) == content(dataset)


def test_running_again_renders_nothing(dataset):
    before = content(dataset)
    assert write_dataset(dataset, **ARGUMENTS) == 0
    assert content(dataset) == before


@pytest.mark.parametrize('name', ['train/000007.png', 'annotations/val.json'])
def test_verify_names_a_changed_byte_and_a_run_repairs_it(dataset, name):
    path = dataset / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert verify_dataset(dataset) == [f'{name} has changed']
    assert write_dataset(dataset, **ARGUMENTS) > 0
    assert path.read_bytes() == whole
    assert verify_dataset(dataset) == []


def test_verify_names_missing_and_unknown_files(dataset):
    path = dataset / 'val' / '000003.png'
    whole = path.read_bytes()
    path.rename(dataset / 'val' / 'other.png')
    assert verify_dataset(dataset) == [
        'val/000003.png is missing',
        'val/other.png is not in manifest.json',
    ]
    (dataset / 'val' / 'other.png').unlink()
    path.write_bytes(whole)
    assert verify_dataset(dataset) == []


@pytest.mark.parametrize('key', sorted(ARGUMENTS))
def test_other_arguments_are_refused_for_the_same_folder(dataset, key):
    other = {**ARGUMENTS, key: ARGUMENTS[key] - 1}
    if key == 'size':
        other[key] = 64
    with pytest.raises(ToyHumanError) as caught:
        write_dataset(dataset, **other)
    assert f'{key}={ARGUMENTS[key]}, not {key}={other[key]}' in str(
        caught.value
    )
    assert '\n' not in str(caught.value)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / 'notes.txt').write_text('mine')
    with pytest.raises(ToyHumanError, match='is not empty'):
        write_dataset(tmp_path, **ARGUMENTS)
    assert content(tmp_path) == {'notes.txt': b'mine'}


def test_a_damaged_manifest_is_named(tmp_path):
    (tmp_path / 'manifest.json').write_text('{"files"')
    with pytest.raises(ToyHumanError, match='manifest.json is damaged'):
        verify_dataset(tmp_path)


@pytest.mark.parametrize('name', ['CocoDataset', 'HumanArtDataset'])
def test_loads_in_mmpose(dataset, name):
    from mmpose.datasets import datasets

    loaded = getattr(datasets, name)(
        ann_file='annotations/train.json',
        data_root=str(dataset),
        data_prefix=dict(img='train/'),
        pipeline=[],
    )
    coco = load(dataset, 'train')
    assert len(loaded) == len(coco['annotations'])
    item = loaded[3]
    assert item['keypoints'].shape == (1, 17, 2)
    assert Path(item['img_path']).exists()
    assert item['raw_ann_info']['id'] in {
        annotation['id'] for annotation in coco['annotations']
    }
    assert loaded.metainfo['num_keypoints'] == 17
