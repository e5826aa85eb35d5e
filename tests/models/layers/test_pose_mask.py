import importlib

import pytest
import torch

from mmkbdm.models.layers import (
    background_weight,
    dilate,
    distance_to_pose,
    pose_mask,
    token_distance,
    token_mask,
)


def nearest(mask):
    """Distance to each pixel of the pose in turn."""
    places = torch.stack(
        torch.meshgrid(*map(torch.arange, mask.shape[-2:]), indexing='ij'), -1
    ).double()
    maps = [
        (places[:, :, None] - places[m[0]]).square().sum(-1).amin(-1).sqrt()
        for m in mask
    ]
    return torch.stack(maps)[:, None].float()


@pytest.fixture
def mask():
    torch.manual_seed(0)
    mask = torch.rand(5, 1, 24, 16) < 0.02
    mask[0] = False
    mask[0, 0, -1, 0] = True  # one pixel, in a corner
    mask[1:, 0, 3, 5] = True  # no image without pose
    return mask


def test_any_colour_is_pose():
    condition = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    condition[0, 2, 0, 1] = 1
    expected = torch.tensor([[[[False, True], [False, False]]]])
    assert torch.equal(pose_mask(condition), expected)
    assert torch.equal(pose_mask(condition / 255), expected)


@pytest.mark.parametrize('chunk', [1, 2**22])
def test_distance_is_exact(mask, monkeypatch, chunk):
    module = importlib.import_module('mmkbdm.models.layers.pose_mask')
    monkeypatch.setattr(module, 'CHUNK', chunk)
    distance = distance_to_pose(mask)
    torch.testing.assert_close(distance, nearest(mask), atol=0, rtol=1e-6)
    # The square root of a whole square must not be rounded: a radius is one.
    whole = nearest(mask) % 1 == 0
    assert torch.equal(distance[whole], nearest(mask)[whole])


def test_no_pose_is_far_and_finite():
    mask = torch.zeros(2, 1, 6, 4, dtype=torch.bool)
    mask[1] = True
    distance = distance_to_pose(mask)
    assert (distance[0] == 10).all() and (distance[1] == 0).all()
    assert not dilate(mask, 100)[0].any()


def test_dilation_is_a_closed_disc():
    mask = torch.zeros(1, 1, 15, 15, dtype=torch.bool)
    mask[0, 0, 7, 7] = True
    y, x = torch.meshgrid(torch.arange(15), torch.arange(15), indexing='ij')
    disc = (y - 7) ** 2 + (x - 7) ** 2 <= 25
    assert torch.equal(dilate(mask, 5)[0, 0], disc)
    assert dilate(mask, 4.99).sum() == disc.sum() - 12


def test_radius_of_every_sample(mask):
    radius = torch.tensor([0.0, 1.0, 2.5, 3.0, 8.0])
    dilated = dilate(mask, radius)
    assert torch.equal(dilated[0], mask[0])
    for sample in range(5):
        alone = dilate(mask[sample : sample + 1], float(radius[sample]))
        assert torch.equal(dilated[sample], alone[0])


def test_a_token_touches_if_any_pixel_does():
    mask = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    mask[0, 0, 3, 7] = True
    expected = torch.tensor([[False, True], [False, False]])
    assert torch.equal(token_mask(mask, 4)[0, 0], expected)


def test_distance_of_a_token_is_its_mask(mask):
    near = token_distance(distance_to_pose(mask), 4)
    for radius in (0.0, 1.0, 2.5, 5.0):
        touched = token_mask(dilate(mask, radius), 4)
        assert torch.equal(near <= radius, touched)
        hard = background_weight(near, torch.full((5, 1), radius), 0)
        assert torch.equal(hard[:, 0], (~touched).float().flatten(1))


def test_soft_weights(mask):
    distance = token_distance(distance_to_pose(mask), 4)
    radius = torch.tensor([[[2.0, 5.0]]]).repeat(5, 3, 1).requires_grad_()
    soft = background_weight(distance, radius, 0.5)
    assert soft.shape == (5, 3, 2, 24)
    token = torch.sigmoid((distance[4, 0, 1, 2] - 5) / 0.5)
    assert soft[4, 0, 1, 1 * 4 + 2] == token  # row by row
    soft.sum().backward()
    assert (radius.grad < 0).all()  # a wider mask has less background
    one_for_all = background_weight(distance, radius[:1], 0.5)
    assert torch.equal(one_for_all, soft)


def test_errors():
    mask = torch.ones(1, 1, 6, 8, dtype=torch.bool)
    with pytest.raises(ValueError, match='patch=4 does not divide .* 6x8'):
        token_mask(mask, 4)
    with pytest.raises(ValueError, match='radius=-1'):
        dilate(mask, -1)
    with pytest.raises(ValueError, match='softness=-1'):
        background_weight(mask.float(), torch.ones(1), -1)
