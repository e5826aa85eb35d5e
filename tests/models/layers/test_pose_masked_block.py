import pytest
import torch
from torch import nn

from mmkbdm.models.layers import PoseMaskedBlock


def tiny(**settings):
    torch.manual_seed(0)
    settings = dict(embed_dim=4, num_heads=2, head_dim=4) | settings
    return PoseMaskedBlock(6, **settings)


def awake(**settings):
    block = tiny(**settings)
    nn.init.normal_(block.conv_out.weight)
    return block


def masks(tokens, batch=2, heads=2, blocks=2):
    return torch.rand(batch, blocks, heads, tokens), torch.full((1, 2, 1), 3.0)


@pytest.mark.parametrize('size', [(4, 4), (6, 10)])
def test_starts_as_the_identity(size):
    x = torch.randn(2, 6, *size)
    block = tiny()
    out = block(x, *masks(size[0] * size[1] // 4))
    assert torch.equal(out, x)
    out.square().sum().backward()
    assert block.conv_out.weight.grad.any()
    assert not block.conv_in.weight.grad.any()


def test_everything_learns_from_the_second_step():
    block = awake()
    background, strength = (m.requires_grad_() for m in masks(6))
    block(torch.randn(2, 6, 4, 6), background, strength).norm().backward()
    for name, parameter in block.named_parameters():
        assert parameter.grad.any(), name
    assert background.grad.any() and strength.grad.any()


def test_default_size():
    """About the 3.4 M of Stable-Pose."""
    with torch.device('meta'):
        block = PoseMaskedBlock(320)
    assert sum(p.numel() for p in block.parameters()) == 3_500_352


def test_each_block_has_its_mask():
    block = awake()
    x = torch.randn(2, 6, 4, 6)
    background, strength = masks(6)
    plain = block(x, background, strength)
    for index in range(2):
        inverse, stronger = background.clone(), strength.clone()
        inverse[:, index] = 1 - inverse[:, index]
        stronger[:, index] *= 4
        assert not torch.allclose(block(x, inverse, strength), plain)
        assert not torch.allclose(block(x, background, stronger), plain)


def test_tokens_lie_row_by_row():
    """With all other pairs suppressed, two tokens do not see each other."""
    block = awake(num_blocks=1)
    background = torch.ones(1, 1, 1, 6)
    background[..., 4] = 0  # row 1, column 1 of 2 x 3
    strength = torch.full((1, 1, 1), 1e4)
    x = torch.randn(1, 6, 4, 6)
    there = x.clone()
    there[:, :, 2:, 2:4] += 1
    elsewhere = x.clone()
    elsewhere[:, :, 2:, 4:] += 1
    plain, near, far = (
        block(m, background, strength) for m in (x, there, elsewhere)
    )
    assert not torch.allclose(plain[:, :, :2], near[:, :, :2])
    torch.testing.assert_close(plain[:, :, :2], far[:, :, :2])


def test_position_matters():
    block = awake()
    x = torch.ones(1, 6, 4, 4)
    out = block(x, torch.zeros(1, 2, 1, 4), torch.zeros(1, 2, 1))
    assert not torch.allclose(out[..., :2], out[..., 2:])


def test_computed_before_is_the_same():
    block = awake()
    x = torch.randn(2, 6, 4, 6)
    background, strength = masks(6)
    given = block.masks(background, strength), block.position(4, 6, like=x)
    assert torch.equal(block.refine(x, *given), block(x, background, strength))


def test_errors():
    block, x = tiny(), torch.rand(2, 6, 4, 4)
    background, strength = masks(4)
    with pytest.raises(ValueError, match='patch_size=2 does not divide'):
        block(x[..., :3], background, strength)
    with pytest.raises(ValueError, match=r'background has shape .* 4\)'):
        block(x, background[..., :3], strength)
    with pytest.raises(ValueError, match=r'strength has shape \(1, 1, 1\)'):
        block(x, background, strength[:, :1])
