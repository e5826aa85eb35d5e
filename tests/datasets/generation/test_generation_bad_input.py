import json
import zipfile

import numpy as np
import pytest
from generation_files import (
    PIPELINE,
    coco_content,
    image_file,
    keypoints,
    write_coco,
    write_mapping,
)
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from mmkbdm.apis.errors import user_message
from mmkbdm.datasets.generation import HumanArtPoseText, PoseTextMapping
from mmkbdm.datasets.generation.pose_npz import read_pose_npz


def refusal(call, *args, **kwargs):
    with pytest.raises(ValueError) as caught:
        call(*args, **kwargs)
    message = user_message(caught.value)
    assert message is not None
    assert '\n' not in message
    return message


def spoil(content, how):
    image, person = content['images'][0], content['annotations'][0]
    if how == 'nan':
        person['keypoints'][4] = float('nan')
    elif how == 'short':
        person['keypoints'].pop()
    elif how == 'word':
        person['keypoints'][0] = 'left'
    elif how == 'missing keypoints':
        del person['keypoints']
    elif how == 'foreign image':
        person['image_id'] = 99
    elif how == 'twice':
        content['images'][1]['id'] = image['id']
    elif how == 'no height':
        del image['height']
    elif how == 'no description':
        del image['description']
    elif how == 'no list':
        content['images'] = {}


@pytest.mark.parametrize(
    'how, words',
    [
        ('nan', 'annotation 0 of image 10 has a joint that is not finite (1'),
        ('short', 'annotation 0 of image 10 has 50 keypoint numbers'),
        ('word', 'annotation 0 of image 10 has keypoints that are not all'),
        ('missing keypoints', 'of image 10 has no key "keypoints"'),
        ('foreign image', 'of image 99 is of an image that the file does not'),
        ('twice', 'images[1] has the id 10 of another image'),
        ('no height', 'image 10 has no key "height"'),
        ('no description', 'image 10 has no key "description"'),
        ('no list', 'has no list "images"'),
    ],
)
def test_coco_records(tmp_path, how, words):
    content = coco_content()
    options = write_coco(tmp_path, content)
    spoil(content, how)
    (tmp_path / 'ann.json').write_text(json.dumps(content))
    message = refusal(HumanArtPoseText, **options)
    assert str(tmp_path / 'ann.json') in message
    assert words in message


@pytest.mark.parametrize('dataset', [HumanArtPoseText, PoseTextMapping])
def test_annotation_files(tmp_path, dataset):
    path = tmp_path / 'gone.json'
    assert f'{path} cannot be read' in refusal(dataset, str(path))
    path.write_text('{"images": [')
    assert f'{path} is not a whole JSON' in refusal(dataset, str(path))
    path.write_text('[]')
    assert str(path) in refusal(dataset, str(path))


def test_prefix_that_no_name_has(tmp_path):
    options = write_coco(tmp_path, coco_content())
    message = refusal(HumanArtPoseText, strip_prefix='HumanArt/', **options)
    assert 'image 10 has the file_name 0.png, which does not begin' in message


def test_images(tmp_path):
    options = write_coco(tmp_path, coco_content())
    dataset = HumanArtPoseText(pipeline=PIPELINE, **options)
    image_file(tmp_path / '0.png', width=61)
    message = refusal(dataset.__getitem__, 0)
    assert f'{tmp_path}/0.png of annotation 10 is 61x40 pixels' in message
    assert 'annotated as 60x40' in message
    (tmp_path / '1.png').unlink()
    message = refusal(dataset.__getitem__, 1)
    assert f'image {tmp_path}/1.png of annotation 11 cannot be read' in message
    (tmp_path / '2.png').write_bytes(b'no image')
    assert '2.png of annotation 12 cannot be decoded' in refusal(
        dataset.__getitem__, 2
    )


def test_the_line_survives_a_worker(tmp_path):
    options = write_coco(tmp_path, coco_content((1,)))
    image_file(tmp_path / '0.png', width=61)
    dataset = HumanArtPoseText(pipeline=PIPELINE, **options)
    loader = DataLoader(dataset, num_workers=1, collate_fn=pseudo_collate)
    assert refusal(list, loader).startswith(f'image {tmp_path}/0.png of')


@pytest.mark.parametrize('key', ['img_path', 'prompt', 'pose_path'])
def test_mapping_without_a_key(tmp_path, key):
    options = write_mapping(tmp_path)
    path = tmp_path / 'mapping_file_validation.json'
    path.write_text(path.read_text().replace(f'"{key}"', '"other"'))
    message = refusal(PoseTextMapping, **options)
    assert f'{path}: record 00000000 has no key "{key}"' in message


class Shout:
    """Unpickling it would run code."""

    ran = False

    def __reduce__(self):
        return shout, ()


def shout():
    Shout.ran = True
    return {}


def save(path, *people):
    array = np.empty(len(people), object)
    array[:] = people
    np.savez(path, array)


def test_pose_files(tmp_path):
    path = tmp_path / 'pose.npz'
    read = read_pose_npz
    assert f'{path} cannot be read' in refusal(read, path)
    path.write_bytes(b'no zip')
    assert f'{path} is not a whole pose file' in refusal(read, path)
    np.savez(path, other=np.zeros(3))
    assert f'{path} has no array "arr_0"' in refusal(read, path)
    np.savez(path, np.float32(3))
    assert 'arr_0 is no list of people' in refusal(read, path)
    save(path, dict(keypoints=keypoints()), dict(score=1))
    assert f'{path}: person 1 has no key "keypoints"' in refusal(read, path)
    save(path, dict(keypoints=keypoints()[:13]))
    assert 'person 0 has 39 keypoint numbers, not 51' in refusal(read, path)
    bad = keypoints()
    bad[3, 0] = np.nan
    save(path, dict(keypoints=bad))
    assert 'person 0 has a joint that is not finite (3' in refusal(read, path)
    save(path, [1, 2], [3])
    assert 'person 0 is a list, not a dict' in refusal(read, path)


def test_half_a_pose_file(tmp_path):
    path = tmp_path / 'pose.npz'
    save(path, dict(keypoints=keypoints()))
    path.write_bytes(path.read_bytes()[:-60])
    assert f'{path} is not a whole pose file' in refusal(read_pose_npz, path)
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('arr_0.npy', b'\x93NUMPY\x01\x00')
    assert f'{path} is not a whole pose file' in refusal(read_pose_npz, path)


def test_pose_file_runs_no_code(tmp_path):
    path = tmp_path / 'pose.npz'
    save(path, Shout())
    message = refusal(read_pose_npz, path)
    assert 'shout' in message
    assert not Shout.ran
    # The same bytes do run with NumPy's own reader.
    np.load(path, allow_pickle=True)['arr_0']
    assert Shout.ran


@pytest.mark.parametrize('order', ['C', 'F'])
def test_numeric_pose_file(tmp_path, order):
    path = tmp_path / 'pose.npz'
    people = np.stack([keypoints(1), keypoints(2)])
    np.savez(path, np.asarray(people, order=order))
    assert np.allclose(read_pose_npz(path), people)
    np.savez_compressed(path, np.zeros((0, 17, 3)))
    assert read_pose_npz(path).shape == (0, 17, 3)


def test_unknown_options(tmp_path):
    options = write_coco(tmp_path, coco_content())
    with pytest.raises(ValueError, match="filter_cfg has 'min_size'"):
        HumanArtPoseText(filter_cfg=dict(min_size=3), **options)
    with pytest.raises(ValueError, match="has a field 'style'"):
        HumanArtPoseText(prompt_template='{style}', **options)


def test_crowds_and_people_outside(tmp_path):
    content = coco_content((11, 3, 0))
    for annotation in content['annotations'][11:]:
        annotation['keypoints'] = [
            value + 1e6 * (i % 3 < 2)
            for i, value in enumerate(annotation['keypoints'])
        ]
    dataset = HumanArtPoseText(
        pipeline=PIPELINE, **write_coco(tmp_path, content)
    )
    crowd, outside, nobody = dataset
    assert crowd['num_people'] == len(crowd['poses']) <= 11
    assert crowd['num_people'] + crowd['num_people_outside'] == 11
    assert crowd['condition'].any()
    assert outside['num_people'] == 0 and outside['num_people_outside'] == 3
    assert outside['poses'].shape == nobody['poses'].shape == (0, 17, 3)
    assert not outside['condition'].any() and not nobody['condition'].any()


@pytest.mark.parametrize(
    'text', ['', 'no type at all', '人' * 10_000, 'sketch,\x00,\ud800']
)
def test_any_text_is_a_prompt(tmp_path, text):
    content = coco_content((1,))
    content['images'][0]['description'] = text
    [sample] = HumanArtPoseText(
        pipeline=PIPELINE, **write_coco(tmp_path, content)
    )
    assert sample['prompt'] == text
    assert pseudo_collate([sample])['prompt'] == [text]
