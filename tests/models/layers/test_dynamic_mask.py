import pytest
import torch
from torch import nn

from mmkbdm.models.layers import DynamicMask


@pytest.mark.parametrize('learnable', [True, False])
def test_starts_static_and_exact(learnable):
    mask = DynamicMask(num_heads=3, learnable=learnable)
    radius, strength = mask(torch.tensor([0.0, 0.3, 1.0]), size=512)
    expected = torch.tensor([11.0, 6.0]).view(1, 2, 1).expand(3, 2, 3)
    assert torch.equal(radius, expected)
    assert torch.equal(strength, torch.full((3, 2, 3), 5.0))


def test_radius_grows_with_the_drawing():
    mask = DynamicMask()
    half, strength = mask(torch.rand(1), size=256)
    assert torch.equal(half[0, :, 0], torch.tensor([5.5, 3.0]))
    assert torch.equal(strength, mask(torch.rand(1), size=512)[1])


def test_everything_learns_in_the_first_step():
    mask = DynamicMask()
    radius, strength = mask(torch.tensor([0.2, 0.9]), size=512)
    (radius.sum() + strength.sum()).backward()
    for name, parameter in mask.named_parameters():
        assert parameter.grad.all(), name


def test_positive_slope_is_coarse_to_fine_for_that_head_alone():
    mask = DynamicMask(num_heads=2)
    with torch.no_grad():
        mask.radius_slope[0, 1] = 1.0
        mask.strength_slope[1, 0] = -1.0
    radius, strength = mask(torch.tensor([0.0, 0.5, 1.0]), size=512)
    assert (radius[:, 0, 1].diff() > 0).all() and radius[1, 0, 1] == 11
    assert (radius[:, 0, 0] == 11).all() and (radius[:, 1] == 6).all()
    assert (strength[:, 1, 0].diff() < 0).all()
    assert (strength[:, 0] == 5).all() and (strength[:, 1, 1] == 5).all()


@pytest.mark.parametrize('offset', [-1000.0, -30.0, 30.0, 1000.0])
def test_bounded(offset):
    mask = DynamicMask(max_radius=20.0, max_strength=10.0)
    for parameter in (mask.radius_offset, mask.strength_offset):
        nn.init.constant_(parameter, offset)
    radius, strength = mask(torch.rand(4), size=512)
    assert (radius >= 0).all() and (radius <= 20).all()
    assert (strength >= 0).all() and (strength <= 10).all()
    (radius.sum() + strength.sum()).backward()
    assert all(p.grad.isfinite().all() for p in mask.parameters())


def test_is_the_documented_formula():
    mask = DynamicMask(radii=[4.0], max_radius=20.0, num_heads=1)
    with torch.no_grad():
        mask.radius_offset.fill_(0.3)
        mask.radius_slope.fill_(-0.7)
    radius, _ = mask(torch.tensor([0.8]), size=512)
    expected = 20 * torch.sigmoid(torch.logit(torch.tensor(0.2)) + 0.3 - 0.42)
    torch.testing.assert_close(radius.squeeze(), expected)


def test_dynamic_continues_static():
    static, dynamic = DynamicMask(learnable=False), DynamicMask()
    assert not list(static.parameters())
    static.radius_slope += 0.5
    dynamic.load_state_dict(static.state_dict())
    assert (dynamic.radius_slope == 0.5).all()
    assert len(list(dynamic.parameters())) == 4


def test_errors():
    with pytest.raises(ValueError, match=r'radii=\(11.0, 70\) .*=64'):
        DynamicMask(radii=[11.0, 70])
    with pytest.raises(ValueError, match='strength=0 .* max_strength=20'):
        DynamicMask(strength=0)
