import pytest
import torch
from mmpose.registry import MODELS

from mmkbdm.models.necks import RMPG, ResidualConvNeck


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_identity_after_construction_and_init_weights():
    neck = MODELS.build(
        dict(type='mmkbdm.ResidualConvNeck', in_channels=8, mid_channels=5)
    )
    neck.init_weights()
    x = torch.randn(2, 8, 4, 3)
    assert torch.equal(neck(x), x)
    assert not torch.equal(ResidualConvNeck(8, 5, gate_init=1.0)(x), x)


def test_init_weights_leaves_trained_gates_alone():
    neck = ResidualConvNeck(8, 5)
    torch.nn.init.ones_(neck.blocks[1].gate.gamma)
    neck.init_weights()
    neck.init_weights()
    assert (neck.blocks[1].gate.gamma == 1).all()


def test_containers_are_answered_in_kind():
    neck = ResidualConvNeck(8, 5, num_blocks=3, gate_init=1.0)
    x = torch.randn(2, 8, 4, 3)
    smaller = x[..., :2, :2]
    assert isinstance(neck(x), torch.Tensor)
    assert isinstance(neck([x]), list)
    outs = neck((x, smaller))
    assert isinstance(outs, tuple)
    assert torch.equal(outs[0], neck(x))
    assert torch.equal(outs[1], neck(smaller))


def test_forward_stages_shows_each_refined_map():
    neck = ResidualConvNeck(8, 5, gate_init=1.0)
    assert neck.nodes == [[(1, 8)]]
    x = torch.randn(2, 8, 4, 3)
    out, maps = neck.forward_stages(x)
    assert torch.equal(out, neck(x))
    assert torch.equal(maps[0][0][0], out)
    outs, maps = neck.forward_stages((x, -x))
    assert isinstance(outs, tuple)
    for out, stages in zip(outs, maps, strict=True):
        assert torch.equal(stages[0][0], out)


@pytest.mark.parametrize('name', ['forward', 'forward_stages'])
def test_gradients_reach_every_parameter(name):
    torch.manual_seed(0)
    neck = ResidualConvNeck(8, 5, gate_init=1.0)
    out = getattr(neck, name)(torch.randn(2, 8, 4, 3))
    out = out if name == 'forward' else out[0]
    out.square().mean().backward()
    assert all(p.grad.any() for p in neck.parameters())


def test_matches_the_parameters_of_the_toy_rmpg():
    """The width that the experiment's control is built with."""
    control, rmpg = count(ResidualConvNeck(64, 69)), count(RMPG(64))
    assert abs(control / rmpg - 1) < 0.01
