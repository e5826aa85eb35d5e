import pytest
import torch
from mmpose.registry import MODELS

from mmkbdm.models.necks import RMPG, HierarchicalRMPG

GROUPS = [(2,), (2, 2), (2, 2, 2)]


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize('mid_channels', [None, 16])
def test_starts_as_the_identity(mid_channels):
    neck = MODELS.build(
        dict(
            type='mmkbdm.HierarchicalRMPG',
            in_channels=32,
            mid_channels=mid_channels,
        )
    )
    x = torch.randn(2, 32, 6, 5)
    assert torch.equal(neck(x), x)
    for parameter in neck.parameters():
        torch.nn.init.normal_(parameter)
    neck.init_weights()
    assert torch.equal(neck(x), x)


def test_equals_single_rmpgs_with_the_same_weights():
    torch.manual_seed(0)
    common = dict(kv_pool=2, gate_init=0.5)
    neck = HierarchicalRMPG(32, **common)
    x = expected = torch.randn(2, 32, 6, 4)
    for index, groups in enumerate(GROUPS):
        single = RMPG(32, groups, **common)
        single.graphs[0].load_state_dict(
            neck.graphs[0].stages[index].state_dict()
        )
        expected = single(expected)
    assert not torch.equal(expected, x)
    assert torch.equal(neck(x), expected)
    assert count(neck) == sum(count(RMPG(32, g, **common)) for g in GROUPS)


def test_all_stages_lie_within_one_bottleneck():
    torch.manual_seed(0)
    neck = HierarchicalRMPG(32, mid_channels=16, gate_init=0.5)
    x = torch.randn(2, 32, 6, 4)
    (graph,) = neck.graphs
    inner = graph.down(x)
    for stage in graph.body.stages:
        inner = stage(inner)
    torch.testing.assert_close(neck(x), x + 0.5 * graph.up(inner))
    inner_gates = [
        parameter
        for name, parameter in neck.named_parameters()
        if name.endswith('gamma') and '.body.' in name
    ]
    assert len(inner_gates) == 6
    assert all((gamma == 1).all() for gamma in inner_gates)


@pytest.mark.parametrize('mid_channels', [None, 16])
@pytest.mark.parametrize('num_maps', [2, 'shared'])
def test_forward_stages_gives_the_output_and_the_nodes(num_maps, mid_channels):
    torch.manual_seed(0)
    neck = HierarchicalRMPG(
        32, mid_channels=mid_channels, num_maps=num_maps, gate_init=0.5
    )
    feats = [torch.randn(2, 32, 6, 4), torch.randn(2, 32, 3, 2)]
    outs, maps = neck.forward_stages(feats)
    assert isinstance(outs, list)
    for out, expected in zip(outs, neck(feats), strict=True):
        assert torch.equal(out, expected)
    width = mid_channels or 32
    assert neck.nodes == [
        [(2**level, width // 2**level) for level in range(len(groups))]
        for groups in GROUPS
    ]
    for feat, stages in zip(feats, maps, strict=True):
        assert [len(levels) for levels in stages] == [1, 2, 3]
        for node_map in sum(stages, []):
            assert node_map.shape == (2, width, *feat.shape[2:])
    if mid_channels is None:
        assert torch.equal(maps[0][2][0], outs[0])
    shared = torch.equal(neck([feats[0]] * 2)[0], neck([feats[0]] * 2)[1])
    assert shared == (num_maps == 'shared')


def test_a_stage_differs_in_what_it_names():
    neck = HierarchicalRMPG(
        32,
        stages=[dict(context='none'), dict(groups=(4,), kernel_size=3)],
        groups=(2, 2),
        gate_init=1.0,
    )
    first, second = neck.graphs[0].stages
    assert [len(stage.levels) for stage in (first, second)] == [2, 1]
    relations = [stage.levels[0].relation for stage in (first, second)]
    assert count(relations[0]) < count(relations[1])
    single = RMPG(32, (2, 2), context='none')
    assert count(first) == count(single)


def test_every_parameter_learns():
    torch.manual_seed(0)
    neck = HierarchicalRMPG(32, mid_channels=16, gate_init=0.5)
    neck(torch.randn(2, 32, 6, 4)).square().mean().backward()
    assert all(p.grad.any() for p in neck.parameters())


@pytest.mark.parametrize(
    'kwargs, words',
    [
        (dict(stages=[]), ['stages=[]', 'dict(groups=(2, 2))']),
        (dict(stages=dict(groups=(2,))), ['stages', 'list']),
        (
            dict(stages=[dict(), dict(gruops=(2,))]),
            ['stages[1]', 'gruops', 'groups, kernel_size'],
        ),
        (
            dict(stages=[dict(), dict(groups=(3,))]),
            ['stages[1]', '32 channels', 'groups=(3,)'],
        ),
        (dict(stages=[5]), ['stages[0]=5 must be a dict']),
        (dict(groups=(4, 4)), ['groups=(4, 4) has no effect', 'in stages']),
        (dict(gruops=(2,)), ['gruops=(2,)', 'did you mean groups?']),
        (dict(stage=[]), ['HierarchicalRMPG has', 'did you mean stages?']),
        (dict(mid_channels=12), ['12 channels', 'mid_channels']),
    ],
    ids=str,
)
def test_wrong_arguments(kwargs, words):
    with pytest.raises(ValueError) as caught:
        HierarchicalRMPG(32, **kwargs)
    message = str(caught.value)
    assert '\n' not in message
    assert all(word in message for word in words)
