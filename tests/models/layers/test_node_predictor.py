import pytest
import torch
import torch.nn.functional as F
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from mmkbdm.models.layers import NodePredictor

JOINTS = [[0, 3], [1, 2, 4, 3]]  # joint 3 stands in both
CHANNELS = 6


@pytest.fixture
def predictor():
    torch.manual_seed(0)
    predictor = NodePredictor(CHANNELS, JOINTS, init_std=1.0)
    nn.init.normal_(predictor.bias)
    return predictor


@pytest.fixture
def batch():
    torch.manual_seed(1)
    nodes = torch.randn(2, 2 * CHANNELS, 4, 3, requires_grad=True)
    return nodes, torch.rand(2, 5, 16, 12), torch.rand(2, 5)


def plain_loss(predictor, nodes, target, weights):
    """Node by node, joint by joint, sample by sample."""
    losses = []
    row = 0
    for node, part in enumerate(JOINTS):
        own = nodes[:, node * CHANNELS : (node + 1) * CHANNELS]
        for joint in part:
            kernel, bias = predictor.weight[row, :, 0, 0], predictor.bias[row]
            heatmap = torch.einsum('bchw,c->bhw', own, kernel) + bias
            heatmap = F.interpolate(
                heatmap[:, None], (16, 12), mode='bilinear'
            )[:, 0]
            for b in range(len(nodes)):
                error = ((heatmap[b] - target[b, joint]) ** 2).mean()
                share = 1 / len(JOINTS) / len(part) / len(nodes)
                losses.append(share * weights[b, joint] * error)
            row += 1
    return sum(losses)


def test_loss_equals_a_plain_loop_over_the_nodes(predictor, batch):
    loss = predictor.loss(*batch)
    torch.testing.assert_close(loss, plain_loss(predictor, *batch))
    wanted = [batch[0], predictor.weight, predictor.bias]
    for pair in zip(
        torch.autograd.grad(loss, wanted),
        torch.autograd.grad(plain_loss(predictor, *batch), wanted),
    ):
        torch.testing.assert_close(*pair)
        assert pair[0].abs().max() > 0


def test_joints_of_weight_zero_do_not_matter(predictor, batch):
    nodes, target, weights = batch
    weights[:, 2] = 0
    loss = predictor.loss(nodes, target, weights)
    target = target.clone()
    target[:, 2] = 1e3
    assert torch.equal(predictor.loss(nodes, target, weights), loss)
    loss.backward()
    assert not predictor.weight.grad[3].any()  # second node: 1, 2, 4, 3
    assert predictor.weight.grad[2].any()


def test_forward_is_node_by_node(predictor, batch):
    nodes = batch[0]
    heatmaps = predictor(nodes)
    assert heatmaps.shape == (2, 6, 4, 3)
    changed = nodes.detach().clone()
    changed[:, CHANNELS:] += 1
    assert torch.equal(predictor(changed)[:, :2], heatmaps[:, :2])
    assert not torch.equal(predictor(changed)[:, 2:], heatmaps[:, 2:])


def test_starts_small():
    torch.manual_seed(0)
    weight = NodePredictor(256, [list(range(17))] * 4).weight
    assert 0.8e-3 < weight.std() < 1.2e-3


def test_bfloat16_nodes_give_a_float32_loss(predictor, batch):
    nodes, target, weights = batch
    with torch.autocast('cpu', torch.bfloat16):
        loss = predictor.loss(nodes.bfloat16(), target, weights)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, predictor.loss(*batch), rtol=0.05, atol=0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.neck = nn.Linear(2, 2)
        self.auxiliary = nn.ModuleList([NodePredictor(CHANNELS, JOINTS)])


def test_a_state_dict_without_it_loads_without_complaint(capfd):
    net = Net()
    before = net.auxiliary[0].weight.clone()
    state = {k: v for k, v in net.state_dict().items() if 'neck' in k}
    assert not any(net.load_state_dict(state))  # strict
    load_state_dict(net, state, strict=True)
    assert 'auxiliary' not in ''.join(capfd.readouterr())
    assert torch.equal(net.auxiliary[0].weight, before)


def test_a_state_dict_with_it_is_loaded():
    source, net = Net(), Net()
    assert {k for k in net.state_dict() if 'aux' in k} == {
        'auxiliary.0.weight',
        'auxiliary.0.bias',
    }
    net.load_state_dict(source.state_dict())
    assert torch.equal(net.auxiliary[0].weight, source.auxiliary[0].weight)
    with pytest.raises(RuntimeError, match='neck.bias'):
        net.load_state_dict({'neck.weight': net.neck.weight})
