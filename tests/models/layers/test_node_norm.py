"""The norm of a level: the same numbers in either memory layout."""

import pytest
import torch
import torch.nn.functional as F

from mmkbdm.models.layers.node_norm import NodeLayerNorm
from mmkbdm.models.layers.parse_graph import ParseGraph

C, N = 12, 3


def make(channels_last):
    torch.manual_seed(0)
    norm = NodeLayerNorm(C, N, channels_last=channels_last)
    for parameter in norm.parameters():
        torch.nn.init.normal_(parameter)
    return norm


@pytest.mark.parametrize('channels_last', [True, False])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_every_node_is_normalised_at_each_position(channels_last, dtype):
    norm = make(channels_last)
    x = torch.randn(2, C, 4, 5).to(dtype)
    out = norm(x)
    nodes = [
        F.layer_norm(part.movedim(1, -1).float(), (C // N,), w, b)
        for part, w, b in zip(
            x.chunk(N, 1), norm.weight.chunk(N), norm.bias.chunk(N)
        )
    ]
    expected = torch.cat(nodes, -1).movedim(-1, 1)
    tolerance = 1e-6 if dtype == torch.float32 else 2e-2
    assert out.dtype == dtype
    torch.testing.assert_close(
        out.float(), expected, rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize('channels_last', [True, False])
def test_layout(channels_last):
    out = make(channels_last)(torch.randn(2, C, 4, 5))
    assert out.is_contiguous() != channels_last
    assert channels_last == out.is_contiguous(
        memory_format=torch.channels_last
    )


@pytest.mark.parametrize('kernel_size', [1, 3])
def test_convolutions_get_the_layout_that_they_want(kernel_size):
    graph = ParseGraph(C, (3, 2), kernel_size)
    assert all(
        level.norm.channels_last == (kernel_size == 1)
        for level in graph.levels
    )
