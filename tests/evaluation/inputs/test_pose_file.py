import json
from pathlib import Path

import numpy as np
import pytest
from told_judge import pose, write_coco

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.generation import HumanArtPoseText
from mmkbdm.evaluation.inputs.pose_file import read_pose_file

HUMAN_ART = Path(__file__).parents[4] / 'shared/data/humanart'


def test_coco_file(tmp_path):
    one_joint = pose(1)
    one_joint[1:] = 0
    path = write_coco(
        tmp_path / 'a.json',
        {
            '0.png': [],
            '1.png': [one_joint],
            '12.png': [pose(i) for i in range(12)],
        },
    )
    none, one, twelve = read_pose_file(path)
    assert none.load_poses().shape == (0, 17, 3)
    assert (one.load_poses()[..., 2] > 0).sum() == 1
    assert twelve.load_poses().shape == (12, 17, 3)
    np.testing.assert_allclose(twelve.load_poses()[3], pose(3), atol=1e-5)
    assert (one.name, one.prompt) == ('1.png', 'cartoon, picture 1')
    assert (one.scenario, one.annotated_size) == ('cartoon', (40, 60))


def test_plain_coco_keypoints(tmp_path):
    content = dict(
        images=[dict(id=3, file_name='3.jpg')],
        annotations=[
            dict(image_id=3, keypoints=pose().ravel().tolist()),
            dict(image_id=3, keypoints=[0] * 51),
            dict(image_id=3, keypoints=[1] * 51, iscrowd=1),
        ],
    )
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    (record,) = read_pose_file(str(path))
    assert record.load_poses().shape == (1, 17, 3)
    assert (record.prompt, record.scenario) == ('', '')
    assert record.annotated_size is None


def test_joint_that_is_not_finite_is_kept_as_nan(tmp_path):
    broken, lost = pose(), np.full((17, 3), np.nan)
    broken[4, 0], broken[5, 1] = np.nan, np.inf
    path = write_coco(tmp_path / 'a.json', {'0.png': [broken, lost]})
    first, second = read_pose_file(path)[0].load_poses()
    assert np.isnan(first[4:6]).all() and np.isnan(second).all()
    assert np.isfinite(first[:4]).all() and np.isfinite(first[6:]).all()


@pytest.mark.parametrize('pickled', [True, False])
@pytest.mark.parametrize('root', [None, 'elsewhere'])
def test_mapping(tmp_path, pickled, root):
    folder = tmp_path / (root or '')
    folder.mkdir(exist_ok=True)
    poses = np.stack([pose(1), pose(2)])
    people = poses
    if pickled:
        people = np.array([dict(keypoints=one) for one in poses], object)
    np.savez(folder / '7.npz', people)
    content = {
        key: dict(
            img_path=f'images/ink_painting/{key}.jpg',
            prompt=prompt,
            pose_path='7.npz',
        )
        for key, prompt in (('7', 'ink painting, a man'), ('8', 'a man'))
    }
    path = tmp_path / 'mapping_file_x.json'
    path.write_text(json.dumps(content))
    first, second = read_pose_file(str(path), root and str(folder))
    np.testing.assert_allclose(first.load_poses(), poses, atol=1e-5)
    assert first.name == 'images/ink_painting/7.jpg'
    assert first.scenario == 'ink_painting' and second.scenario == ''
    assert first.annotated_size is None
    assert first.original == str(folder / 'images/ink_painting/7.jpg')


@pytest.mark.parametrize(
    'content, message',
    [
        ('[]', 'neither COCO keypoints'),
        ('{"0": {"img_path": "a"}}', 'neither COCO keypoints'),
        ('{"images": []}', 'no list "annotations"'),
        ('{"images": [', 'not a whole JSON'),
        ('{"0": {"img_path": "a", "pose_path": "b"}}', 'no key "prompt"'),
        (
            '{"images": [{"id": 1, "file_name": "a", "height": 0, '
            '"width": 4}], "annotations": []}',
            'size of 4x0',
        ),
        (
            '{"images": [{"id": 1, "file_name": "a"}, '
            '{"id": 1, "file_name": "b"}], "annotations": []}',
            'the id 1 of another image',
        ),
        (
            '{"images": [], "annotations": [{"image_id": 5, '
            '"keypoints": []}]}',
            'has 0 keypoint numbers',
        ),
        (
            '{"images": [], "annotations": [{"image_id": 5, "iscrowd": 1}]}',
            'an annotation of image 5 is of an image',
        ),
        (
            '{"images": [], "annotations": [{"id": 7, "image_id": [5]}]}',
            r'annotation 7 has \[5\] as "image_id"',
        ),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / 'a.json'
    path.write_text(content)
    with pytest.raises(PreflightError, match=message):
        read_pose_file(str(path))


@pytest.mark.skipif(not HUMAN_ART.is_dir(), reason='Human-Art is not there')
def test_human_art_as_its_dataset_reads_it():
    path = str(HUMAN_ART / 'test_humanart.json')
    dataset = HumanArtPoseText(path)
    records = read_pose_file(path)
    assert len(records) == len(dataset) == 3
    for record, info in zip(records, map(dataset.get_data_info, range(3))):
        np.testing.assert_array_equal(record.load_poses(), info['poses'])
        assert record.prompt == info['prompt']
        assert record.scenario == info['scenario']
        assert record.annotated_size == (info['height'], info['width'])
