import numpy as np
import pytest

from mmkbdm.evaluation.judged import (
    Evaluation,
    JudgedImage,
    load_poses,
    save_poses,
)
from mmkbdm.evaluation.scoring import image_table, score_evaluation, shuffled


def judged(name, people, found=None, size=(96, 64), seed=0):
    """An image of people who are found as asked for, or ``found`` of them."""
    rng = np.random.default_rng([seed, len(name), people])
    poses = np.full((people, 17, 3), 2.0)
    poses[..., :2] = rng.uniform(0, 64, (people, 17, 2))
    seen = poses[: people if found is None else found]
    return JudgedImage(
        name,
        f'folder/{name}',
        *size,
        poses=poses,
        people=dict(
            keypoints=seen[..., :2],
            keypoint_scores=np.full((len(seen), 17), 0.9),
            scores=np.linspace(0.9, 0.5, len(seen)),
            bboxes=np.zeros((len(seen), 4)),
        ),
        prompt='Zürich, a person',
    )


@pytest.fixture
def evaluation():
    images = [judged('a.png', 1), judged('bb.png', 3, 2), judged('ccc.png', 0)]
    return Evaluation(images, {'d.png': 'cannot be read'}, 4, ('e.png',))


def test_no_image_is_lost(evaluation):
    with pytest.raises(AssertionError, match='3 images scored and 0 excluded'):
        Evaluation(evaluation.images, {}, 4)
    assert evaluation.counts == dict(
        images_given=4,
        images_scored=3,
        images_excluded=1,
        excluded_by_reason={'cannot be read': 1},
        annotations_without_image=1,
    )


def test_scores(evaluation):
    scores, counts = score_evaluation(evaluation)
    assert scores['AP'] == pytest.approx(0.75, abs=0.01)
    assert scores['PCE'] == pytest.approx(1 / 3)
    assert counts['people'] == 4 and counts['images_given'] == 4


def test_rows_of_all_images(evaluation):
    first, second, third, last = image_table(evaluation)
    assert (first['oks'], first['people_count_error']) == (1, 0)
    assert second['people'] == 3 and second['detections'] == 2
    assert 2 / 3 < second['oks'] < 1
    assert third['oks'] == '' and third['status'] == 'scored'
    assert last == dict(
        name='d.png', status='excluded', reason='cannot be read'
    )


def test_poses_of_other_images_are_the_floor():
    images = [judged('x' * n + '.png', 1, seed=n) for n in range(1, 9)]
    mixed = shuffled(images)
    own = {image.name: image.poses for image in images}
    assert all((one.poses != own[one.name]).any() for one in mixed)
    assert [one.name for one in mixed] == [one.name for one in images]
    assert sorted(one.poses.sum() for one in mixed) == pytest.approx(
        sorted(one.poses.sum() for one in images)
    )
    scores, _ = score_evaluation(Evaluation(mixed, {}, 8))
    assert scores['AP'] < 0.1


def test_floor_scales_poses_to_the_other_size():
    small, large = judged('a.png', 1), judged('b.png', 1, size=(192, 128))
    moved = shuffled([small, large])[1].poses
    np.testing.assert_allclose(
        moved[..., :2] + 0.5, 2 * (small.poses[..., :2] + 0.5)
    )
    assert (moved[..., 2] == 2).all()


@pytest.mark.parametrize('count', [0, 3])
def test_poses_survive_a_file(tmp_path, evaluation, count):
    images = list(evaluation.images)[:count]
    save_poses(tmp_path / 'poses.npz', images)
    read = load_poses(tmp_path / 'poses.npz')
    assert len(read) == count
    for one, other in zip(images, read):
        for key, value in vars(one).items():
            if key == 'people':
                assert value.keys() == other.people.keys()
                for name in value:
                    np.testing.assert_array_equal(
                        value[name], other.people[name]
                    )
            else:
                np.testing.assert_array_equal(value, getattr(other, key))
