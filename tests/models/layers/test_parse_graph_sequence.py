import torch

from mmkbdm.models.layers import ParseGraph, ParseGraphSequence

GROUPS = [(2,), (2, 3), (2, 3, 2)]


def random_sequence(**kwargs):
    """Stages in which every gate has a say."""
    torch.manual_seed(0)
    return ParseGraphSequence(
        ParseGraph(24, groups, gate_init=0.5, **kwargs) for groups in GROUPS
    )


def test_runs_one_graph_after_the_other():
    graphs = random_sequence()
    x = torch.randn(2, 24, 4, 3)
    expected = x
    for stage in graphs.stages:
        expected = stage(expected)
    assert not torch.equal(expected, x)
    assert torch.equal(graphs(x), expected)


def test_forward_stages_gives_the_same_and_every_refined_level():
    graphs = random_sequence()
    x = torch.randn(2, 24, 4, 3)
    out, stages = graphs.forward_stages(x)
    assert torch.equal(out, graphs(x))
    assert [len(levels) for levels in stages] == [1, 2, 3]
    # The root's map is what the next stage gets, deeper maps come before it.
    refined = x
    for graph, levels in zip(graphs.stages, stages):
        for level, expected in zip(reversed(graph.levels), levels[::-1]):
            refined = level(refined)
            assert torch.equal(refined, expected)
    assert torch.equal(refined, out)


def test_nodes_of_every_level():
    assert random_sequence().nodes == [
        [(1, 24)],
        [(1, 24), (2, 12)],
        [(1, 24), (2, 12), (6, 4)],
    ]


def test_a_node_owns_its_channels():
    """Without exchange among nodes, other channels do not reach a node."""
    graph = ParseGraphSequence([ParseGraph(24, (2, 2), gate_init=1.0)])
    x = torch.randn(1, 24, 4, 3)
    changed = x.clone()
    changed[:, 12:] += 1
    maps = [graph.forward_stages(each)[1][0][1] for each in (x, changed)]
    assert torch.equal(maps[0][:, :12], maps[1][:, :12])
    assert not torch.equal(maps[0][:, 12:], maps[1][:, 12:])


def test_compiles_to_one_graph():
    torch._dynamo.reset()
    graphs = random_sequence()
    x = torch.randn(1, 24, 4, 3)
    compiled = torch.compile(graphs, fullgraph=True, backend='aot_eager')
    torch.testing.assert_close(compiled(x), graphs(x))
