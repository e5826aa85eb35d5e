import itertools
import math
import sys
from pathlib import Path

import pytest
import torch

from mmkbdm.models.layers import ParseGraph

sys.path.insert(0, str(Path(__file__).parent))
from recursive_parse_graph import refine

SETTINGS = [
    dict(context=context, **combination)
    for context, combination in itertools.product(
        ('token', 'channel', 'none'),
        (
            dict(combine='fuse'),
            dict(combine='add'),
            dict(combine='add', out_proj=True),
        ),
    )
]


def random_graph(channels=48, **kwargs):
    """A graph in which every term, the gates too, has a say."""
    torch.manual_seed(0)
    graph = ParseGraph(channels, gate_init=1.0, **kwargs)
    with torch.no_grad():
        for parameter in graph.parameters():
            if parameter.ndim == 1:
                parameter += 0.1 * torch.randn_like(parameter)
    return graph


def assert_equals_recursion(graph, size=(2, 48, 8, 6)):
    x = torch.randn(size, requires_grad=True)
    weights = torch.randn(size)

    def run(forward):
        out = forward(x)
        loss = (out * weights).sum()
        return out, torch.autograd.grad(loss, [x, *graph.parameters()])

    out, grads = run(graph)
    expected, expected_grads = run(lambda x: refine(graph, x))
    torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-5)
    for grad, wanted in zip(grads, expected_grads):
        scale = wanted.abs().max().clamp(min=1)
        assert (grad - wanted).abs().max() <= 1e-5 * scale


@pytest.mark.parametrize('kernel_size', [1, 3])
@pytest.mark.parametrize('position', ['sincos', 'none'])
@pytest.mark.parametrize('setting', SETTINGS, ids=str)
def test_batched_equals_recursive(setting, position, kernel_size):
    graph = random_graph(position=position, kernel_size=kernel_size, **setting)
    assert_equals_recursion(graph)


@pytest.mark.parametrize('groups', [(2,), (3, 4), (2, 2, 2, 2), (1, 3)])
def test_batched_equals_recursive_for_any_tree(groups):
    assert_equals_recursion(random_graph(groups=groups))


@pytest.mark.parametrize('kernel_size', [1, 3])
@pytest.mark.parametrize('position', ['sincos', 'none'])
@pytest.mark.parametrize('size', [(8, 8), (7, 6)])
def test_batched_equals_recursive_with_pooling(size, position, kernel_size):
    graph = random_graph(kv_pool=4, position=position, kernel_size=kernel_size)
    assert_equals_recursion(graph, (2, 48, *size))


@pytest.mark.parametrize('size', [(8, 8), (7, 6), (3, 9)])
def test_pooling_averages_blocks_and_what_is_left_at_the_edges(size):
    relation = random_graph(kv_pool=4, position='none').levels[1].relation
    y = torch.randn(2, 2, 24, *size)
    pooled = relation._pool(y)
    assert pooled.shape[3:] == tuple(math.ceil(s / 4) for s in size)
    for i, j in itertools.product(*map(range, pooled.shape[3:])):
        block = y[..., 4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
        torch.testing.assert_close(pooled[..., i, j], block.mean((-2, -1)))


@pytest.mark.parametrize('size', [(6, 5), (8, 6)])
@pytest.mark.parametrize(
    'setting',
    [
        dict(position='rotary'),
        dict(position='rotary', kv_pool=4),
        dict(position='rotary', num_heads=3, groups=(2, 2), kernel_size=3),
        dict(num_heads=2),
        dict(num_heads=2, kv_pool=3, combine='add', out_proj=True),
        dict(norm='none'),
        dict(norm='group'),
        dict(norm='group', context='channel', position='none'),
    ],
    ids=str,
)
def test_batched_equals_recursive_with_every_switch(setting, size):
    graph = random_graph(channels=96, **setting)
    assert_equals_recursion(graph, (2, 96, *size))


def test_rotary_positions_are_relative():
    """A shifted map gives the shifted context, sincos does not."""
    x = torch.zeros(1, 16, 9, 9)
    x[..., 2:5, 2:5] = torch.randn(1, 16, 3, 3)
    shifted = x.roll((3, 2), (2, 3))
    for position, same in (('rotary', True), ('sincos', False)):
        graph = random_graph(
            channels=16, groups=(2,), position=position, combine='add',
            norm='none',
        )  # fmt: skip
        with torch.no_grad():
            graph.levels[0].relation.projection.bias.zero_()
            z, other = graph(x) - x, graph(shifted) - shifted
        z, other = z[..., 2:5, 2:5], other[..., 5:8, 4:7]
        assert torch.allclose(z, other, atol=1e-5) == same


def test_context_reaches_across_children_and_positions():
    """One corner of one child alone moves the far corner of the other."""
    graph = random_graph(
        channels=16, groups=(2,), combine='add', position='none'
    )
    x = torch.randn(1, 16, 5, 5)
    moved = x.clone()
    moved[:, 3, 0, 0] += 10
    # LayerNorm ties the channels of one position; another position of the
    # other child can only have heard of it through the relation.
    assert (graph(x) - graph(moved))[:, 8:, -1, -1].abs().max() > 1e-4


def test_without_context_nothing_reaches_another_position():
    graph = random_graph(channels=16, groups=(2,), context='none',
                         combine='add')  # fmt: skip
    x = torch.randn(1, 16, 5, 5)
    moved = x.clone()
    moved[:, 3, 0, 0] += 10
    assert torch.equal(graph(x)[..., 1:, 1:], graph(moved)[..., 1:, 1:])


@pytest.mark.parametrize('setting', SETTINGS, ids=str)
def test_identity_at_gate_zero(setting):
    graph = ParseGraph(16, **setting)
    x = torch.randn(2, 16, 6, 5)
    assert torch.equal(graph(x), x)
    with torch.autocast('cpu', torch.bfloat16):
        for dtype in (torch.float32, torch.bfloat16):
            out = graph(x.to(dtype))
            assert out.dtype == dtype
            assert torch.equal(out, x.to(dtype))


@pytest.mark.parametrize('setting', SETTINGS, ids=str)
def test_every_parameter_has_a_gradient_within_two_steps(setting):
    torch.manual_seed(0)
    graph = ParseGraph(16, **setting)
    optimizer = torch.optim.SGD(graph.parameters(), lr=0.1)
    x, target = torch.randn(2, 2, 16, 6, 5)
    for step in range(2):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(graph(x), target).backward()
        reached = {
            name: parameter.grad.abs().max() > 0
            for name, parameter in graph.named_parameters()
        }
        if step == 0:  # the gate alone opens the branch
            assert all(hit == ('gamma' in n) for n, hit in reached.items())
        optimizer.step()
    assert all(reached.values()), reached


@pytest.mark.parametrize(
    'kwargs, words',
    [
        (dict(groups=(2, 3)), ['16 channels', '(2, 3)', 'groups']),
        (dict(groups=()), ['groups=()']),
        (dict(groups=(2, 0)), ['groups=(2, 0)']),
        (dict(kernel_size=5), ['kernel_size=5', '(1, 3)']),
        (dict(context='tokens'), ["context='tokens'", 'channel']),
        (dict(position='learned'), ["position='learned'", 'sincos']),
        (dict(combine='cat'), ["combine='cat'", 'fuse']),
        (dict(kv_pool=0), ['kv_pool=0']),
        (dict(kv_pool=2, context='channel'), ['kv_pool=2', 'channel']),
        (dict(out_proj=True), ['out_proj=True', "combine='fuse'"]),
        (dict(norm='batch'), ["norm='batch'", 'group']),
        (dict(num_heads=0), ['num_heads=0']),
        (dict(num_heads=3), ['num_heads=3', '2 channels', 'multiple of 3']),
        (dict(num_heads=2, context='channel'), ['num_heads=2', 'channel']),
        (dict(position='rotary', context='none'), ['rotary', 'none']),
        (dict(position='rotary'), ['rotary', '2 channels', 'multiple of 4']),
    ],
    ids=str,
)
def test_wrong_settings(kwargs, words):
    with pytest.raises(ValueError) as caught:
        ParseGraph(16, **kwargs)
    assert all(word in str(caught.value) for word in words)
    assert '\n' not in str(caught.value)


def test_half_precision_map_keeps_its_dtype():
    graph = random_graph().bfloat16()
    x = torch.randn(1, 48, 4, 4).bfloat16()
    assert graph(x).dtype == torch.bfloat16
