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


@pytest.mark.parametrize('annotated', [None, (48, 72)])
def test_same_or_unknown_size_changes_nothing(annotated):
    poses = RNG.uniform(-9, 99, (2, 17, 3))
    assert fit_poses(poses, annotated, (48, 72)) is poses


def test_joints_that_are_not_finite_stay_so():
    poses = np.full((1, 17, 3), 2.0)
    poses[0, 3, 1] = np.nan
    moved = fit_poses(poses, (48, 72), (24, 36))
    assert np.isnan(moved[0, 3]).all()
    assert np.isfinite(np.delete(moved, 3, axis=1)).all()
    assert fit_poses(np.zeros((0, 17, 3)), (48, 72), (9, 9)).shape[0] == 0
