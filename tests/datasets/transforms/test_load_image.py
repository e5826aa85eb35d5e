import os

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose
from mmpose.datasets.datasets import CocoDataset
from torch.utils.data import DataLoader

from mmkbdm.apis.errors import user_message
from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.datasets.transforms import LoadImage, UnreadableImageError


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / 'picture.png'
    cv2.imwrite(str(path), np.arange(3072, dtype=np.uint8).reshape(32, 32, 3))
    return path


def record(path):
    return dict(img_path=str(path), id=7, img_id=3)


def refusal(path, **kwargs):
    with pytest.raises(UnreadableImageError) as caught:
        LoadImage(**kwargs)(record(path))
    message = str(caught.value)
    assert '\n' not in message
    assert f'image {path} of annotation 7' in message
    return message


def spoil(path, how):
    content = path.read_bytes()
    path.write_bytes(
        dict(empty=b'', text=b'no image', short=content[:-20])[how]
    )


def test_loads_like_mmpose(picture):
    from mmpose.datasets.transforms import LoadImage as MMPoseLoadImage

    ours, theirs = (
        LoadImage()(record(picture)),
        MMPoseLoadImage()(record(picture)),
    )
    assert np.array_equal(ours['img'], theirs['img'])
    assert ours.keys() == theirs.keys()
    image = np.zeros((4, 5, 3), np.uint8)
    assert LoadImage()(dict(img=image))['img_shape'] == (4, 5)


@pytest.mark.parametrize('how', ['empty', 'text', 'short'])
def test_undecodable(picture, how):
    spoil(picture, how)
    message = refusal(picture)
    assert 'cannot be decoded' in message
    assert '--skip-corrupt-images' in message
    load = LoadImage(on_error='skip')
    assert load(record(picture)) is None
    assert load(record(picture)) is None
    assert load.num_skipped == 2


@pytest.mark.parametrize('on_error', ['raise', 'skip'])
def test_missing_is_not_corrupt(tmp_path, on_error):
    message = refusal(tmp_path / 'gone.png', on_error=on_error)
    assert 'cannot be read (No such file or directory)' in message


@pytest.mark.parametrize('on_error', ['raise', 'skip'])
def test_unreadable_is_not_corrupt(picture, monkeypatch, on_error):
    """Root reads everything, so the system's answer is given by hand."""

    def denied(*args, **kwargs):
        raise PermissionError(13, 'Permission denied', str(picture))

    monkeypatch.setattr('mmengine.fileio.get', denied)
    message = refusal(picture, on_error=on_error)
    assert 'cannot be read (Permission denied)' in message


def test_unknown_answer():
    with pytest.raises(ValueError, match="on_error='ignore' must be"):
        LoadImage(on_error='ignore')


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=6, num_val=1, size=64, max_people=1)
    (root / 'train' / '000002.png').write_bytes(b'no image')
    return root


def loader(toy, on_error, num_workers=1):
    dataset = CocoDataset(
        ann_file='annotations/train.json',
        data_root=str(toy),
        data_prefix=dict(img='train/'),
    )
    load = LoadImage(on_error=on_error)
    dataset.pipeline = Compose([load, lambda item: item['img_path']])
    return load, DataLoader(
        dataset, num_workers=num_workers, collate_fn=lambda batch: batch
    )


def test_the_class_survives_a_data_loader_process(toy):
    with pytest.raises(UnreadableImageError) as caught:
        list(loader(toy, 'raise')[1])
    message = user_message(caught.value)
    assert '\n' not in message
    assert message.startswith(f'image {toy}/train/000002.png of annotation')
    assert 'Caught' not in message


def test_skipping_is_counted_across_processes(toy):
    load, batches = loader(toy, 'skip')
    paths = [path for batch in batches for path in batch]
    assert len(paths) == 6
    assert f'{toy}{os.sep}train{os.sep}000002.png' not in paths
    assert load.num_skipped >= 1
