import pytest
import torch
import torch.nn.functional as F

from mmkbdm.models.layers import node_conv
from mmkbdm.models.layers.node_conv import join_nodes, node_conv2d

B, N, P, C, H, W = 2, 3, 3, 4, 5, 6


def one_by_one(sources, weight, bias):
    """(B, n, o, H, W) of each part, node by node."""
    weight = weight.unflatten(0, (N, P, -1))
    bias = bias.unflatten(0, (N, P, -1))
    return [
        torch.stack(
            [
                F.conv2d(x, w[p], b[p], padding=w.shape[-1] // 2)
                for x, w, b in zip(source.unbind(1), weight, bias)
            ],
            dim=1,
        )
        for p, source in enumerate(sources)
    ]


@pytest.mark.parametrize('formulation', [None, *node_conv.FORMULATIONS])
@pytest.mark.parametrize('kernel_size', [1, 3])
@pytest.mark.parametrize('layout', ['contiguous_format', 'channels_last'])
@pytest.mark.parametrize('places', ['aaa', 'aab', 'abb', 'abc'])
def test_equals_one_node_at_a_time(
    places, layout, kernel_size, formulation, monkeypatch
):
    """Equal sources, neighbours or not, and sources of other sizes."""
    torch.manual_seed(0)
    layout = getattr(torch, layout)
    maps = {
        place: torch.randn(B, N * C, H + i, W)
        .to(memory_format=layout)
        .unflatten(1, (N, C))
        for i, place in enumerate('abc')
    }
    sources = [maps[place] for place in places]
    weight = torch.randn(N * P * C, C, kernel_size, kernel_size)
    bias = torch.randn(N * P * C)
    weight.requires_grad_()
    if formulation == 'product' and kernel_size > 1:
        pytest.skip('a product is of 1x1 convolutions')
    if formulation is not None:
        for last in (True, False):
            place = 'cpu', kernel_size, last
            monkeypatch.setitem(node_conv.FASTEST, place, formulation)
    outs = node_conv.node_conv2d(sources, weight, bias)
    expected = one_by_one(sources, weight, bias)
    for out, wanted in zip(outs, expected, strict=True):
        torch.testing.assert_close(out, wanted, atol=1e-5, rtol=1e-5)
        assert torch.equal(join_nodes(out), out.flatten(1, 2))
    grads = [
        torch.autograd.grad(sum(o.square().sum() for o in maps), weight)[0]
        for maps in (outs, expected)
    ]
    torch.testing.assert_close(*grads, atol=1e-3, rtol=1e-4)


def test_tokens_need_no_copy():
    """The batched product leaves the channels of a node innermost."""
    x = torch.randn(B, N * C, H, W).to(memory_format=torch.channels_last)
    (out,) = node_conv2d(
        [x.unflatten(1, (N, C))],
        torch.randn(N * C, C, 1, 1),
        torch.randn(N * C),
    )
    assert out.permute(1, 0, 3, 4, 2).is_contiguous()


@pytest.mark.parametrize('batch_size', [1, B])
def test_joined_nodes_are_known_to_lie_channels_last(batch_size):
    """Otherwise pooling would copy them."""
    x = torch.randn(batch_size, N * C, H, W)
    x = x.to(memory_format=torch.channels_last)
    joined = join_nodes(x.unflatten(1, (N, C)))
    assert joined.data_ptr() == x.data_ptr()
    assert joined.is_contiguous(memory_format=torch.channels_last)
