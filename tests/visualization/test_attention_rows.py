import pytest
import torch

from mmkbdm.models.layers import ContextRelation
from mmkbdm.visualization.attention_rows import (
    attention_rows,
    channel_shares,
    token_shares,
)

NODES, CHILDREN, CHANNELS = 2, 3, 24


def relation_of(context='token', kv_pool=1, **settings):
    torch.manual_seed(0)
    relation = ContextRelation(
        CHANNELS,
        NODES,
        CHILDREN,
        context=context,
        kv_pool=kv_pool,
        **settings,
    )
    # Large enough that the attention is far from equal.
    torch.nn.init.normal_(relation.projection.weight)
    return relation


def full_attention(query, key, node):
    """The whole softmax of a node, child by child and row by row."""
    tokens = [
        m.view(NODES, CHILDREN, -1, m[0].numel())[node]
        .transpose(1, 2)
        .flatten(0, 1)
        for m in (query, key)
    ]
    scores = tokens[0] @ tokens[1].T / tokens[0].shape[1] ** 0.5
    return scores.softmax(dim=1)


@pytest.mark.parametrize('kv_pool', [1, 2])
@pytest.mark.parametrize('node', [0, 1])
def test_rows_are_those_of_the_full_softmax(kv_pool, node):
    relation = relation_of(kv_pool=kv_pool)
    with torch.no_grad():
        query, key, _ = relation.project(torch.randn(1, CHANNELS, 5, 4))
    full = full_attention(query[0], key[0], node)
    places = [(0, 0, 0), (2, 4, 1), (1, 3, 3)]
    rows = attention_rows(query[0], key[0], NODES, CHILDREN, node, places)
    assert rows.shape == (3, CHILDREN, *key.shape[2:])
    for row, (child, y, x) in zip(rows, places):
        expected = full[child * 20 + y * 4 + x]
        torch.testing.assert_close(row.flatten(), expected)


@pytest.mark.parametrize('kv_pool', [1, 2])
def test_rows_give_the_context_of_the_module(kv_pool):
    """What is drawn is what the network computes."""
    relation = relation_of(kv_pool=kv_pool)
    y = torch.randn(1, CHANNELS, 5, 4)
    with torch.no_grad():
        query, key, value = (m[0] for m in relation.project(y))
        z = relation(y)[0].view(NODES, CHILDREN, -1, 5, 4)
    value = value.view(NODES, CHILDREN, -1, *value.shape[1:])
    places = [(2, 4, 1), (0, 2, 3)]
    rows = attention_rows(query, key, NODES, CHILDREN, 1, places)
    for row, (child, i, j) in zip(rows, places):
        context = torch.einsum('ghw,gdhw->d', row, value[1])
        torch.testing.assert_close(context, z[1, child, :, i, j])


def test_rotary_rows_give_the_context_of_the_module():
    """Queries and keys are shown as they meet, turned by their places."""
    relation = relation_of(kv_pool=2, position='rotary')
    y = torch.randn(1, CHANNELS, 5, 4)
    with torch.no_grad():
        query, key, value = (m[0] for m in relation.project(y))
        z = relation(y)[0].view(NODES, CHILDREN, -1, 5, 4)
    rows = attention_rows(query, key, NODES, CHILDREN, 0, [(1, 3, 2)])
    value = value.view(NODES, CHILDREN, -1, *value.shape[1:])[0]
    context = torch.einsum('ghw,gdhw->d', rows[0], value)
    torch.testing.assert_close(context, z[0, 1, :, 3, 2])


def test_heads_are_averaged():
    """Each head is a relation of its own channels."""
    relation = relation_of(num_heads=2)
    with torch.no_grad():
        query, key, _ = relation.project(torch.randn(1, CHANNELS, 5, 4))
    halves = []
    for head in range(2):
        q, k = (
            m[0].view(NODES * CHILDREN, 2, -1, 5, 4)[:, head].flatten(0, 1)
            for m in (query, key)
        )
        halves.append(full_attention(q, k, 1))
    expected = sum(halves) / 2
    rows = attention_rows(
        query[0], key[0], NODES, CHILDREN, 1, [(2, 1, 3)], num_heads=2
    )
    torch.testing.assert_close(rows.flatten(), expected[2 * 20 + 4 + 3])
    shares = token_shares(query[0], key[0], NODES, CHILDREN, 1, num_heads=2)
    expected = expected.view(CHILDREN, 20, CHILDREN, -1).sum(3).mean(1)
    torch.testing.assert_close(shares, expected)


@pytest.mark.parametrize('chunk', [1, 7, 1000])
def test_shares_are_averages_of_all_rows(chunk):
    with torch.no_grad():
        query, key, _ = relation_of(kv_pool=2).project(
            torch.randn(1, CHANNELS, 5, 4)
        )
    full = full_attention(query[0], key[0], 1)
    expected = full.view(CHILDREN, 20, CHILDREN, -1).sum(3).mean(1)
    shares = token_shares(query[0], key[0], NODES, CHILDREN, 1, chunk)
    torch.testing.assert_close(shares, expected)
    assert (expected - 1 / CHILDREN).abs().max() > 0.02


def test_shares_of_channels():
    with torch.no_grad():
        query, key, _ = relation_of('channel').project(
            torch.randn(1, CHANNELS, 5, 4)
        )
    q, k = (m.view(NODES, -1, 20)[1] for m in (query, key))
    full = (q @ k.T / 20**0.5).softmax(dim=1)
    expected = full.view(CHILDREN, 4, CHILDREN, 4).sum(3).mean(1)
    shares = channel_shares(query[0], key[0], NODES, CHILDREN, 1)
    torch.testing.assert_close(shares, expected)
