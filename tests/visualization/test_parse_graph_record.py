import pytest
import torch

from mmkbdm.models.necks import RMPG, HierarchicalRMPG
from mmkbdm.visualization.parse_graph_record import (
    Place,
    context_strength,
    outer_gates,
    recorded,
)

NECKS = {
    'plain': (lambda: RMPG(16, gate_init=0.5), 1),
    'bottleneck': (lambda: RMPG(12, mid_channels=16, gate_init=0.5), 1),
    'two maps': (lambda: RMPG(16, num_maps=2, gate_init=0.5), 2),
    'shared': (lambda: RMPG(16, num_maps='shared', gate_init=0.5), 2),
    'hierarchy': (lambda: HierarchicalRMPG(16, gate_init=0.5), 1),
}


@pytest.mark.parametrize('name', NECKS)
@torch.no_grad()
def test_every_level_of_every_map(name):
    build, num_maps = NECKS[name]
    neck = build()
    feats = tuple(
        torch.randn(1, neck.in_channels, 6, 4) for _ in range(num_maps)
    )
    with recorded(neck) as records:
        neck(feats)
    assert not any(module._forward_hooks for module in neck.modules())
    _, maps = neck.forward_stages(feats)
    count = 0
    for g, stages in enumerate(maps):
        for s, levels in enumerate(stages):
            for index, after in enumerate(levels):
                record = records[Place(g, s, index)]
                torch.testing.assert_close(record.after, after[0])
                assert record.num_nodes == 2**index
                assert record.gamma.shape == (2**index, 16 // 2**index)
                count += 1
    assert count == len(records)
    assert len(outer_gates(neck)) == (name == 'bottleneck')


@torch.no_grad()
def test_strength_is_the_ratio_of_norms():
    neck = RMPG(16, groups=(2, 2), gate_init=0.5)
    with recorded(neck) as records:
        neck(torch.randn(1, 16, 6, 4))
    record = records[Place(0, 0, 1)]
    maps = record.strength()
    assert maps.shape == (2, 6, 4)
    for node, ratio in enumerate(context_strength(maps)):
        channels = slice(8 * node, 8 * node + 8)
        expected = (
            record.branch[channels].norm() / record.before[channels].norm()
        )
        torch.testing.assert_close(ratio, expected)


@torch.no_grad()
def test_closed_gates_and_empty_maps_have_no_strength():
    neck = RMPG(16)
    for x in (torch.randn(1, 16, 6, 4), torch.zeros(1, 16, 6, 4)):
        with recorded(neck) as records:
            neck(x)
        for record in records.values():
            assert (record.strength() == 0).all()
