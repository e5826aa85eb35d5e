import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from mmkbdm.models.layers import attend, mask_channels, masked_attention


def explicit(q, k, v, background, strength):
    """The same with the N x N bias in memory."""
    b = background.expand(q.shape[:-1])
    s = torch.as_tensor(strength)[..., None, None]
    bias = -s * b[..., :, None] * b[..., None, :]
    logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5 + bias
    return logits.softmax(-1) @ v


def inputs(background_heads, channels, strength):
    torch.manual_seed(0)
    qkv = [torch.randn(2, 4, 25, channels) for _ in range(3)]
    background = torch.rand(2, background_heads, 25)
    return [*qkv, background, strength]


@pytest.mark.parametrize('channels', [8, 15, 40])
@pytest.mark.parametrize('heads', [1, 4])
@pytest.mark.parametrize('strength', [(), (2, 1), (1, 4), (2, 4)])
def test_equals_the_explicit_bias(channels, heads, strength):
    args = inputs(heads, channels, 8 * torch.rand(strength))
    results = []
    for function, dtype in ((masked_attention, None), (explicit, 'double')):
        leaves = [a.double() if dtype else a.clone() for a in args]
        leaves = [leaf.requires_grad_() for leaf in leaves]
        out = function(*leaves)
        # No plain sum: that of a softmax is constant.
        weights = torch.linspace(-1, 1, out.numel()).view(out.shape)
        (out * weights).sum().backward()
        results.append([out.detach(), *(leaf.grad for leaf in leaves)])
    for ours, reference in zip(*results):
        torch.testing.assert_close(
            ours.double(), reference, atol=1e-5, rtol=1e-5
        )


def test_zero_strength_is_attention_and_has_a_gradient():
    strength = torch.zeros((), requires_grad=True)
    *qkv, background, _ = inputs(1, 40, 0.0)
    out = masked_attention(*qkv, background, strength)
    plain = torch.nn.functional.scaled_dot_product_attention(*qkv)
    torch.testing.assert_close(out, plain, atol=1e-6, rtol=0)
    out.square().sum().backward()
    assert strength.grad.isfinite() and strength.grad != 0


def test_only_background_pairs_are_suppressed():
    """A number as strength; the rows of the pose are plain attention."""
    *qkv, _, _ = inputs(1, 40, 0.0)
    background = (torch.arange(25) >= 10).float().view(1, 1, 25)
    out = masked_attention(*qkv, background, 1e3)
    plain = torch.nn.functional.scaled_dot_product_attention(*qkv)
    torch.testing.assert_close(out[:, :, :10], plain[:, :, :10])
    q, k, v = qkv
    to_pose = torch.nn.functional.scaled_dot_product_attention(
        q[:, :, 10:], k[:, :, :10], v[:, :, :10]
    )
    torch.testing.assert_close(out[:, :, 10:], to_pose)


def test_runs_in_the_fused_kernel():
    args = inputs(4, 40, 5.0)
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        masked_attention(*args)


def test_half_precision():
    args = inputs(4, 40, torch.tensor(5.0))
    half = [a.to(torch.bfloat16) for a in args[:3]]
    out = masked_attention(*half, *args[3:])
    assert out.dtype == torch.bfloat16
    assert (out - explicit(*args)).abs().max() < 0.03


def test_channels_computed_before_serve_every_layer_and_dtype():
    """As sampling does it, with one image's channels for both sides."""
    q, k, v, background, strength = inputs(4, 40, torch.tensor(5.0))
    channels = mask_channels(background[:1], strength, 40)
    assert channels.shape == (2, 1, 4, 25)
    for dtype in (torch.float32, torch.bfloat16):
        qkv = torch.stack([q, k, v]).to(dtype)
        expected = masked_attention(*qkv, background[:1], strength)
        assert torch.equal(attend(qkv, channels.to(dtype)), expected)
