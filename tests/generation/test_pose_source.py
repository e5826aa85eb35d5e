"""Poses of every form are the same poses."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from mmpose.apis import MMPoseInferencer
from PIL import Image

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.inputs.pose_file import PoseRecord
from mmkbdm.evaluation.judges import MMPoseJudge
from mmkbdm.generation.pose_source import choose, place, read_poses

sys.path.insert(0, str(Path(__file__).parents[1] / 'evaluation'))

from judges import tiny_models
from told_judge import ToldJudge, pose, write_coco, write_people

PEOPLE = np.stack([pose(i) for i in range(2)]).astype(np.float32)
SURE = np.concatenate([PEOPLE[..., :2], np.ones((2, 17, 1))], -1)


def instance(joints, score=0.9):
    """A person as MMPose's inferencer writes it."""
    return dict(
        keypoints=joints[:, :2].tolist(),
        keypoint_scores=[score] * 17,
        bbox=[[0, 0, 9, 9]],
        bbox_score=0.8,
    )


INSTANCES = [instance(one) for one in PEOPLE]
RESULTS = [
    dict(image_id=5, category_id=1, keypoints=one.ravel().tolist(), score=1)
    for one in PEOPLE
]


def nobody_asked():
    raise AssertionError('no photo was read')


def read(path):
    return read_poses(path, nobody_asked)


def written(tmp_path, content):
    path = tmp_path / 'poses.json'
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ('content', 'confidence'),
    [
        (PEOPLE.tolist(), 2),
        (PEOPLE.reshape(2, -1).tolist(), 2),
        (PEOPLE[..., :2].tolist(), 1),
        (INSTANCES, 0.9),
        ([INSTANCES], 0.9),
        (dict(meta_info={}, instance_info=INSTANCES), 0.9),
        (RESULTS, 2),
    ],
)
def test_forms_of_one_image(tmp_path, content, confidence):
    [record] = read(written(tmp_path, content))
    expected = SURE * [1, 1, confidence]
    np.testing.assert_allclose(record.load_poses(), expected, rtol=1e-6)
    assert record.annotated_size is None and record.prompt == ''


def test_forms_of_several_images(tmp_path):
    frames = [
        dict(frame_id=i, instances=[one]) for i, one in enumerate(INSTANCES)
    ]
    records = read(written(tmp_path, dict(instance_info=frames)))
    assert [one.name for one in records] == ['frame 0', 'frame 1']
    records = read(written(tmp_path, [[one] for one in INSTANCES]))
    assert [one.name for one in records] == ['0', '1']
    results = [dict(one, image_id=i) for i, one in enumerate(RESULTS)]
    records = read(written(tmp_path, results))
    assert [one.name for one in records] == ['0', '1']
    assert choose(records, '1', 'a.json') is records[1]
    with pytest.raises(PreflightError, match="choose one .* such as '0', '1'"):
        choose(records, None, 'a.json')
    with pytest.raises(PreflightError, match="no poses of '7'"):
        choose(records, '7', 'a.json')


def test_coco_has_prompts_and_sizes(tmp_path):
    path = write_coco(tmp_path / 'a.json', {'a.png': PEOPLE, 'b.png': []})
    first, second = read(path)
    assert first.prompt == 'cartoon, picture 0'
    assert first.annotated_size == (40, 60)
    assert second.load_poses().shape == (0, 17, 3)


def test_unsure_joints_of_predictions_are_not_there(tmp_path):
    shy = instance(PEOPLE[0])
    shy['keypoint_scores'][4] = 0.2
    [record] = read(written(tmp_path, [shy]))
    assert record.load_poses()[0, 4].tolist() == [0, 0, 0]
    assert record.load_poses()[0, 5, 2] > 0


def test_pose_file_of_humansd(tmp_path):
    path = tmp_path / 'a.npz'
    np.savez(path, PEOPLE)
    [record] = read(path)
    np.testing.assert_array_equal(record.load_poses(), PEOPLE)


def test_photo(tmp_path):
    judge = ToldJudge(write_people(tmp_path / 'p.json', {9: PEOPLE, 0: []}))
    Image.new('RGB', (60, 40), (9, 9, 9)).save(tmp_path / 'a.png')
    [record] = read_poses(tmp_path / 'a.png', lambda: judge)
    np.testing.assert_allclose(record.load_poses()[..., :2], PEOPLE[..., :2])
    assert record.annotated_size == (40, 60) and record.name == 'a.png'
    # As a telephone writes it that is held upright.
    turned = Image.new('RGB', (60, 40), (9, 9, 9))
    notes = turned.getexif()
    notes[0x0112] = 6
    turned.save(tmp_path / 'b.png', exif=notes)
    [record] = read_poses(tmp_path / 'b.png', lambda: judge)
    assert judge.calls[-1] == [(60, 40, 3)]
    assert record.annotated_size == (60, 40)
    Image.new('RGB', (60, 40)).save(tmp_path / 'c.png')
    with pytest.raises(PreflightError, match='finds nobody in this photo'):
        read_poses(tmp_path / 'c.png', lambda: judge)


def test_photo_read_by_mmpose(tmp_path):
    """The people of MMPoseInferencer, by what its file would be read as."""
    files = tiny_models.write_model(tmp_path, tiny_models.top_down())
    chance = np.random.default_rng(0)
    image = chance.integers(0, 256, (48, 32, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / 'a.png')
    judge = MMPoseJudge(**files, detector='whole_image')
    [record] = read_poses(tmp_path / 'a.png', lambda: judge)
    inferencer = MMPoseInferencer(
        pose2d=files['config'],
        pose2d_weights=files['weights'],
        device='cpu',
        det_model='whole_image',
    )
    [told] = inferencer(str(tmp_path / 'a.png'), pred_out_dir=str(tmp_path))
    [person] = told['predictions'][0]
    assert max(person['keypoint_scores']) > 0.2
    [again] = read(tmp_path / 'a.json')
    np.testing.assert_allclose(
        record.load_poses(), again.load_poses(), rtol=1e-4
    )
    assert (record.load_poses()[..., 2] > 0).any()


def test_place():
    record = PoseRecord('a', lambda: PEOPLE, (40, 60))
    placed = place(record, 80, 80, 'a.json')
    # The centre square, twice as large.
    inside = np.abs(PEOPLE[..., 0] - 29.5) < 20
    expected = (PEOPLE[..., :2] - [10, 0] + 0.5) * 2 - 0.5
    assert (placed[..., 2] > 0).tolist() == inside.tolist()
    np.testing.assert_allclose(
        placed[inside][:, :2], expected[inside], atol=1e-4
    )
    np.testing.assert_array_equal(
        place(PoseRecord('a', lambda: PEOPLE), 64, 64, 'a.json'), PEOPLE
    )
    moved = PoseRecord('a', lambda: PEOPLE + [500, 0, 0])
    with pytest.raises(PreflightError, match='no joint inside of 64x64'):
        place(moved, 64, 64, 'a.json')
    assert len(place(moved, 64, 64, 'a.json', size=(1000, 1000))) == 2
    # Somebody is, and the other is left out.
    both = np.stack([PEOPLE[0], PEOPLE[1] + [500, 0, 0]])
    assert len(place(PoseRecord('a', lambda: both), 64, 64, 'a')) == 1
    nobody = PoseRecord('a', lambda: PEOPLE[:0])
    assert place(nobody, 64, 64, 'a').shape == (0, 17, 3)
    bad = PEOPLE.copy()
    bad[1, 3, 0] = np.nan
    with pytest.raises(PreflightError, match='joint 3 of person 1 is not fin'):
        place(PoseRecord('a', lambda: bad), 64, 64, 'a')


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ({}, 'holds no images'),
        (dict(a=1), 'neither COCO'),
        (7, 'holds no poses'),
        ('text', 'holds no poses'),
        ([7], 'person 0 has 1 keypoint numbers'),
        ([[[1, 2]] * 16], r'person 0 has joints of shape \(16, 3\)'),
        ([[[1, 2]] * 17, [[1, 'a']] * 17], 'person 1 has keypoints that are'),
        ([dict(keypoints=[[1, 2]] * 133)], r'\(133, 3\), not \(17, 3\)'),
        ([dict(bbox=[1])], 'person 0 has no key "keypoints"'),
        (
            [dict(instance(PEOPLE[0]), keypoint_scores=[1] * 3)],
            '3 keypoint_scores, not 17',
        ),
        (
            [dict(instance(PEOPLE[0]), keypoint_scores=['high'] * 17)],
            'person 0 has keypoint_scores that are not all numbers',
        ),
        (dict(instance_info=3), 'holds no poses'),
        ([[[float('nan'), 2]] * 17], 'person 0 has a joint that is not fin'),
    ],
)
def test_bad_content(tmp_path, content, words):
    path = written(tmp_path, content)
    with pytest.raises(PreflightError, match=words) as caught:
        read(path)
    assert str(path) in str(caught.value) and '\n' not in str(caught.value)


def test_bad_files(tmp_path):
    with pytest.raises(PreflightError, match='gone.json does not exist'):
        read(tmp_path / 'gone.json')
    path = tmp_path / 'half.json'
    path.write_text('[[')
    with pytest.raises(PreflightError, match='not a whole JSON'):
        read(path)
