import numpy as np
import pytest
import torch
from mmengine.registry import TRANSFORMS

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.transforms import (
    DrawPose,
    PackGeneration,
    RandomPoseCrop,
    RandomPoseFlip,
    ResizeCenterCrop,
)
from mmkbdm.datasets.transforms.pose_flip import flip_poses
from mmkbdm.visualization.pose_drawing import draw_pose


def results(width=300, height=200, people=2, seed=0):
    rng = np.random.default_rng(seed)
    poses = np.full((people, 17, 3), 2, np.float32)
    poses[..., :2] = rng.uniform(0, (width - 1, height - 1), (people, 17, 2))
    return dict(
        img=rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        img_path='picture.png',
        img_id=3,
        file_name='picture.png',
        sample_idx=0,
        ori_shape=(height, width),
        height=height,
        width=width,
        poses=poses,
        prompt='a, b',
        caption='b',
        scenario='a',
    )


def blob(width, height, x, y, sigma):
    """A picture whose centre of mass is a joint."""
    xs, ys = np.arange(width), np.arange(height)[:, None]
    heat = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * sigma**2))
    return np.repeat((255 * heat).round().astype(np.uint8)[..., None], 3, -1)


def centre(image):
    heat = image[..., 0].astype(float)
    total = heat.sum()
    return (
        (heat.sum(axis=0) @ np.arange(heat.shape[1])) / total,
        (heat.sum(axis=1) @ np.arange(heat.shape[0])) / total,
    )


@pytest.mark.parametrize('size', [64, 512, (192, 128), (128, 320)])
@pytest.mark.parametrize('crop', [ResizeCenterCrop, RandomPoseCrop])
@pytest.mark.parametrize('width, height', [(300, 200), (181, 257)])
def test_joints_go_where_the_pixels_go(size, crop, width, height):
    np.random.seed(0)
    x, y = 0.48 * width, 0.53 * height
    target = (size, size) if isinstance(size, int) else size
    margin = np.zeros(2)
    while margin.min() < 20:  # the whole blob is in the crop
        item = results(width, height, people=1)
        item['img'] = blob(width, height, x, y, 4)
        item['poses'][:] = x, y, 2
        item = crop(size)(item)
        corner, box = item['crop'].reshape(2, 2)
        margin = np.minimum((x, y) - corner, corner + box - (x, y))
    assert item['img'].shape == (*target[::-1], 3)
    assert item['img_shape'] == target[::-1]
    moved = item['poses'][0, 0, :2]
    pixel = target[0] / box[0]
    assert np.abs(moved - centre(item['img'])).max() < 0.05 * max(1, pixel)


def test_center_crop_against_brute_force():
    """A whole factor: every pixel of the result is a mean of 4 x 4."""
    item = results(320, 256)
    expected = item['img'][:, 32:288].reshape(64, 4, 64, 4, 3)
    before = item['poses']
    item = ResizeCenterCrop(64)(item)
    assert item['crop'].tolist() == [32, 0, 256, 256]
    difference = item['img'] - expected.mean(axis=(1, 3))
    assert np.abs(difference).max() <= 0.5
    poses = []
    for person in before:
        moved = np.zeros((17, 3), np.float32)
        for joint, (x, y, v) in enumerate(person):
            column, row = (x - 32 - 1.5) / 4, (y - 1.5) / 4
            if -0.5 <= column < 63.5 and -0.5 <= row < 63.5:
                moved[joint] = column, row, v
        poses.append(moved)
    assert np.allclose(item['poses'], poses, atol=1e-4)
    assert item['num_people_outside'] == 0
    assert (item['poses'][..., 2] == 0).any()


def test_people_outside_are_counted():
    item = results(300, 100, people=3)
    item['poses'][1, :, 0] = 20
    item = ResizeCenterCrop(50)(item)
    assert len(item['poses']) == 2
    assert item['num_people_outside'] == 1


@pytest.mark.parametrize('corner', [(-0.4, -0.4), (299.4, 199.4), (90, 7)])
def test_random_crop_differs_and_keeps_somebody(corner):
    np.random.seed(0)
    boxes = set()
    for _ in range(50):
        item = results(people=1)
        item['poses'][:] = *corner, 2
        item = RandomPoseCrop(64, scale=(0.5, 1))(item)
        assert item['poses'][..., 2].all()
        x, y, width, height = item['crop']
        assert x >= 0 and y >= 0 and x + width <= 300 and y + height <= 200
        assert 100 <= width <= 200 and width == height
        boxes.add(tuple(item['crop']))
    assert len(boxes) > 20


@pytest.mark.parametrize('people', [0, 1])
def test_random_crop_of_an_image_that_shows_nobody(people):
    np.random.seed(0)
    lefts = set()
    for _ in range(50):
        item = results(people=people)
        item['poses'][..., 0] = 1000
        item = RandomPoseCrop(64, scale=(0.5, 0.5))(item)
        assert item['poses'].shape == (0, 17, 3)
        assert item['num_people_outside'] == people
        lefts.add(item['crop'][0])
    assert min(lefts) < 30 and max(lefts) > 170


@pytest.mark.parametrize('scale', [(0, 1), (0.9, 0.5), (0.5, 1.2)])
def test_bad_scale(scale):
    with pytest.raises(ValueError, match='scale='):
        RandomPoseCrop(64, scale=scale)


def test_size_that_is_not_annotated_is_not_checked():
    item = results() | dict(height=None, width=None)
    ResizeCenterCrop(64)(item)
    with pytest.raises(ValueError, match='is 300x200 pixels and annotated as'):
        ResizeCenterCrop(64)(results() | dict(height=100))


def test_flip_twice_is_the_identity():
    flip = RandomPoseFlip(prob=1)
    item = results()
    item['poses'][0, 3] = 0
    once = flip(dict(item))
    assert once['flip'] is True
    assert not np.array_equal(once['poses'], item['poses'])
    twice = flip(dict(once))
    assert np.array_equal(twice['img'], item['img'])
    assert np.allclose(twice['poses'], item['poses'], atol=1e-4)


def test_flip_swaps_the_sides():
    item = results(people=1)
    image, pose = item['img'].copy(), item['poses'][0].copy()
    pose[9] = item['poses'][0, 9] = 0
    item = RandomPoseFlip(prob=1)(item)
    assert np.array_equal(item['img'], image[:, ::-1])
    left, right = 5, 6
    mirrored = (299 - pose[right, 0], pose[right, 1], 2)
    assert np.allclose(item['poses'][0, left], mirrored)
    assert not item['poses'][0, 10].any()
    assert item['poses'][0, 9].any()
    nose = (299 - pose[0, 0], pose[0, 1], 2)
    assert np.allclose(item['poses'][0, 0], nose)


def test_flip_probability():
    np.random.seed(0)
    flips = [RandomPoseFlip(0.3)(results(8, 8))['flip'] for _ in range(200)]
    assert 30 < sum(flips) < 90
    assert not RandomPoseFlip(0)(results(8, 8))['flip']
    with pytest.raises(ValueError, match='prob=1.5'):
        RandomPoseFlip(1.5)


def test_packed_sample_is_rgb():
    item = ResizeCenterCrop(64)(results())
    item['img'][:] = 10, 20, 30  # BGR
    sample = PackGeneration()(DrawPose(line_width=5)(item))
    assert sample['image'][:, 0, 0].tolist() == [30, 20, 10]
    drawn = draw_pose(item['poses'], 64, 64, line_width=5)
    assert torch.equal(
        sample['condition'], torch.from_numpy(drawn).permute(2, 0, 1)
    )
    assert sample['flip'] is False
    assert sample['crop'].tolist() == [50, 0, 200, 200]


def test_flip_before_the_drawing():
    item = RandomPoseFlip(1)(ResizeCenterCrop(128)(results()))
    flipped = flip_poses(ResizeCenterCrop(128)(results())['poses'], 128)
    expected = draw_pose(flipped, 128, 128)
    assert np.array_equal(DrawPose()(item)['condition'], expected)


@pytest.mark.parametrize(
    'name',
    [
        'ResizeCenterCrop',
        'RandomPoseCrop',
        'RandomPoseFlip',
        'DrawPose',
        'PackGeneration',
    ],
)
def test_registered(name):
    size = dict(size=64) if 'Crop' in name else {}
    built = TRANSFORMS.build(dict(type=f'mmkbdm.{name}', **size))
    assert type(built).__name__ == name


@pytest.mark.parametrize('crop', [ResizeCenterCrop, RandomPoseCrop])
@pytest.mark.parametrize('where', [1e30, -1e30, 512])
def test_people_outside_are_counted_and_not_drawn(crop, where):
    given = results(people=11)
    given['poses'][:5, :, :2] = where
    done = DrawPose()(crop(64)(given))
    assert done['num_people_outside'] >= 5
    assert len(done['poses']) + done['num_people_outside'] == 11
    given = results(people=3)
    given['poses'][..., :2] = where
    done = DrawPose()(crop(64)(given))
    assert len(done['poses']) == 0 and not done['condition'].any()


@pytest.mark.parametrize(
    ('poses', 'words'),
    [
        (np.ones((2, 13, 3)), r'has poses of shape \(2, 13, 3\), not'),
        (np.ones((17, 3)), r'has poses of shape \(17, 3\), not'),
        (np.full((1, 17, 3), np.nan), r'not finite \(person 0, joint 0: '),
    ],
)
@pytest.mark.parametrize(
    'step', [ResizeCenterCrop(64), RandomPoseCrop(64), DrawPose()]
)
def test_poses_of_another_form(step, poses, words):
    given = dict(results(), poses=poses)
    words = f'picture.png of annotation 3 .*{words}'
    with pytest.raises(PreflightError, match=words) as caught:
        step(given)
    assert '\n' not in str(caught.value)
