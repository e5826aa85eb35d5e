import json
import math
import re

import pytest

from mmkbdm.apis.coco_file import check_coco_file
from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.toy_human import write_dataset


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=3, num_val=1, size=64, max_people=1)
    return root


@pytest.fixture
def content(toy):
    return json.loads((toy / 'annotations' / 'train.json').read_text())


@pytest.fixture
def refusal(toy, tmp_path):
    """Write content to a file and return the message it is refused with."""

    def check(content, img_dir=toy / 'train'):
        path = tmp_path / 'people.json'
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        path.write_bytes(content)
        with pytest.raises(PreflightError) as caught:
            check_coco_file(str(path), str(img_dir))
        message = str(caught.value)
        assert '\n' not in message
        assert 'people.json' in message
        return message

    return check


def test_a_good_file_passes(toy):
    check_coco_file(
        str(toy / 'annotations' / 'train.json'), str(toy / 'train')
    )


@pytest.mark.parametrize('part', [b'', b'{"images": [', b'\xff\xfe\x00'])
def test_truncated(refusal, part):
    assert 'not a whole JSON file' in refusal(part)


@pytest.mark.parametrize(
    'other, reason',
    [
        ([], 'has no list "images"'),
        ({'images': []}, 'has no list "annotations"'),
        ({'images': {}, 'annotations': []}, 'has no list "images"'),
        (
            {'images': [], 'annotations': [7], 'categories': []},
            'annotations[0] is a int',
        ),
        (
            {'images': [{'id': 1}], 'annotations': [], 'categories': []},
            'images[0] has no file_name',
        ),
    ],
)
def test_not_coco(refusal, other, reason):
    assert reason in refusal(other)


@pytest.mark.parametrize(
    'key, value, reason',
    [
        ('keypoints', None, 'has no keypoints'),
        ('keypoints', [], 'has no keypoints'),
        ('keypoints', [math.nan] * 51, 'number in keypoints that is not fin'),
        ('keypoints', ['left'] * 51, 'number in keypoints that is not finite'),
        ('keypoints', [1.0] * 50, 'has 50 keypoint numbers, not 3 K'),
        ('bbox', None, 'has no bbox'),
        ('bbox', [0, 0, math.inf, 5], 'number in bbox that is not finite'),
        ('image_id', 999, 'of an image that the file does not list'),
    ],
)
def test_a_wrong_annotation_is_named(refusal, content, key, value, reason):
    record = content['annotations'][1]
    record[key] = value
    message = refusal(content)
    assert reason in message
    assert re.search(rf'annotation {record["id"]} of image', message)


def test_a_missing_key_is_named(refusal, content):
    del content['annotations'][2]['keypoints']
    assert 'has no keypoints' in refusal(content)


def test_missing_images_are_counted(refusal, content, tmp_path):
    message = refusal(content, tmp_path)
    first = min(image['file_name'] for image in content['images'])
    assert str(tmp_path / first) in message
    assert '2 more of the 3' in message
    assert 'simplebaseline_toy_rmpg_toyhuman.py' in message


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(PreflightError, match='cannot be read'):
        check_coco_file(str(tmp_path), str(tmp_path))
