import numpy as np
import pytest

from mmkbdm.datasets.transforms import ResizeCenterCrop
from mmkbdm.evaluation.inputs.fit import fit_image, fit_poses

RNG = np.random.default_rng(0)


@pytest.mark.parametrize('size', [(32, 32), (80, 40), (50, 200)])
def test_as_the_crop_of_the_datasets(size):
    image = RNG.integers(0, 256, (48, 72, 3), dtype=np.uint8)
    poses = np.full((3, 17, 3), 2.0)
    poses[..., :2] = RNG.uniform(0, (72, 48), (3, 17, 2))
    crop = ResizeCenterCrop(size=size[::-1])
    expected = crop.transform(
        dict(img=image, poses=poses, img_path='a', img_id=1)
    )
    np.testing.assert_array_equal(fit_image(image, size), expected['img'])
    moved = fit_poses(poses, (48, 72), size)
    np.testing.assert_array_equal(moved, expected['poses'])
    assert (moved[..., 2] == 0).any()


@pytest.mark.parametrize('annotated', [None, (48, 72), (96, 144)])
def test_joints_that_are_not_drawn_are_not_asked_for(annotated):
    poses = np.full((1, 17, 3), 2.0)
    poses[..., :2] = RNG.uniform(0, 47, (1, 17, 2))
    asked = (
        poses * [2, 2, 1] + [0.5, 0.5, 0] if annotated == (96, 144) else poses
    )
    asked = asked.copy()
    asked[0, 2, 0] = 1000
    asked[0, 5, 2] = 0.02
    moved = fit_poses(asked, annotated, (48, 72))
    assert (moved[0, [2, 5]] == 0).all()
    rest = np.delete(np.arange(17), [2, 5])
    np.testing.assert_allclose(moved[0, rest], poses[0, rest], atol=1e-5)


def test_joints_that_are_not_finite_stay_so():
    poses = np.full((1, 17, 3), 2.0)
    poses[0, 3, 1] = np.nan
    moved = fit_poses(poses, (48, 72), (24, 36))
    assert np.isnan(moved[0, 3]).all()
    assert np.isfinite(np.delete(moved, 3, axis=1)).all()
    assert fit_poses(np.zeros((0, 17, 3)), (48, 72), (9, 9)).shape[0] == 0
