import colorsys

import numpy as np
import pytest

from mmkbdm.datasets.transforms.pose_flip import flip_poses
from mmkbdm.visualization.pose_drawing import (
    LIMBS,
    draw_pose,
    limb_colours,
    standard_line_width,
)


def random_pose(seed, size=512):
    rng = np.random.default_rng(seed)
    pose = np.full((1, 17, 3), 2.0)
    pose[0, :, :2] = rng.uniform(20, size - 20, (17, 2))
    return pose


def only(pose, *joints):
    kept = np.zeros_like(pose)
    kept[:, joints] = pose[:, joints]
    return kept


def limb_masks(pose, size=512):
    return [draw_pose(only(pose, *limb), size, size).any(-1) for limb in LIMBS]


def test_colours_are_sixteen_hues():
    colours = limb_colours()
    assert colours.shape == (16, 3)
    hls = [colorsys.rgb_to_hls(*(c / 255)) for c in colours]
    hues, lightness, saturation = np.transpose(hls)
    assert np.allclose(hues, 0.01 + np.arange(16) / 16, atol=0.01)
    assert np.allclose(lightness, 0.6, atol=0.01)
    assert np.allclose(saturation, 0.65, atol=0.02)
    assert colours[0].tolist() == [219, 94, 86]


@pytest.mark.parametrize('index', range(16))
def test_a_limb_is_a_capsule(index):
    """Line of width 10 and circles of radius 5, in one colour."""
    a, b = LIMBS[index]
    pose = np.zeros((1, 17, 3))
    pose[0, a], pose[0, b] = (100.4, 200.2, 0.03), (301.7, 249.6, 1)
    drawing = draw_pose(pose, 512, 512)
    mask = drawing.any(axis=2)
    assert (drawing[mask] == limb_colours()[index]).all()
    grid = np.stack(np.meshgrid(np.arange(512), np.arange(512)), -1)
    start, end = np.array((100, 200)), np.array((302, 250))
    along = (grid - start) @ (end - start) / ((end - start) ** 2).sum()
    nearest = start + along.clip(0, 1)[..., None] * (end - start)
    distance = np.linalg.norm(grid - nearest, axis=-1)
    assert mask[distance < 4].all()
    assert not mask[distance > 6.5].any()


def test_later_people_and_limbs_cover_earlier_ones():
    first, second = random_pose(0), random_pose(1)
    both = draw_pose(np.concatenate([first, second]), 512, 512)
    above = draw_pose(second, 512, 512)
    mask = above.any(axis=2)
    assert np.array_equal(both[mask], above[mask])
    below = draw_pose(first, 512, 512)
    assert np.array_equal(both[~mask], below[~mask])


@pytest.mark.parametrize(
    'joint',
    [(50, 50, 0.02), (-0.6, 50, 1), (50, 511.5, 1), (1e12, 50, 1)],
)
def test_joints_that_are_not_drawn(joint):
    pose = np.zeros((1, 17, 3))
    pose[0, 5], pose[0, 7] = (100, 100, 1), joint
    assert not draw_pose(pose, 512, 512).any()
    pose[0, 7] = (-0.4, 511.4, 0.03)
    assert draw_pose(pose, 512, 512).any()


def test_a_joint_alone_and_nobody():
    assert not draw_pose(only(random_pose(0), 9), 64, 64).any()
    empty = draw_pose(np.zeros((0, 17, 3)), 48, 64)
    assert empty.shape == (48, 64, 3)
    assert empty.dtype == np.uint8


@pytest.mark.parametrize(
    'side, width', [(32, 1), (64, 1), (128, 2), (256, 4), (512, 10), (768, 16)]
)
def test_what_is_filled_scales_with_the_image(side, width):
    assert standard_line_width(side, 2 * side) == width
    pose = np.zeros((1, 17, 3))
    pose[0, [5, 7]] = (side // 2, side // 4, 1), (side // 2, side // 2, 1)
    filled = draw_pose(pose, side, side).any(axis=2)
    across = filled[3 * side // 8].sum()
    assert abs(across - 11 * side / 512) <= 0.6
    # The circle is as wide as the line.
    assert filled[side // 4].sum() == across


def test_a_flipped_pose_is_the_flipped_drawing_with_sides_swapped():
    for seed in range(5):
        pose = random_pose(seed)
        flipped = flip_poses(pose, 512)
        masks = np.array(limb_masks(pose))[:, :, ::-1]
        mirrored = np.array(limb_masks(flipped))[np.arange(16) ^ 1]
        # OpenCV breaks ties of rounding towards one side.
        assert (masks != mirrored).mean() < 2e-3 * masks.mean()
        alone = (masks.sum(axis=0) == 1) & (mirrored.sum(axis=0) == 1)
        alone &= masks.argmax(axis=0) == mirrored.argmax(axis=0)
        assert alone.sum() > 0.5 * masks.any(axis=0).sum()
        swapped = limb_colours()[np.arange(16) ^ 1]
        drawing = draw_pose(flipped, 512, 512)
        expected = swapped[masks.argmax(axis=0)]
        assert np.array_equal(drawing[alone], expected[alone])


def test_bad_poses():
    with pytest.raises(ValueError, match=r'shape \(17, 3\), not \(P, 17, 3'):
        draw_pose(np.zeros((17, 3)), 64, 64)
    pose = random_pose(0)
    pose[0, 6, 1] = np.nan
    with pytest.raises(ValueError, match='joint 6 of person 0 is not finite'):
        draw_pose(pose, 64, 64)
