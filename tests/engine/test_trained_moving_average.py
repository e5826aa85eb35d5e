"""The moving average of what is trained."""

import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmkbdm.engine.optim import TrainedMovingAverage


class Net(nn.Module):
    """A trained part with buffers, and a frozen one."""

    def __init__(self):
        super().__init__()
        self.trained = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.frozen = nn.Linear(2, 2).requires_grad_(False)


@pytest.mark.parametrize('interval', [1, 2])
def test_same_values_as_mmengine(interval):
    torch.manual_seed(0)
    net = Net()
    averages = [
        kind(net, momentum=0.1, interval=interval)
        for kind in (ExponentialMovingAverage, TrainedMovingAverage)
    ]
    for _ in range(5):
        for value in net.trained.parameters():
            value.data.add_(torch.randn_like(value))
        net.trained(torch.randn(6, 3))
        for average in averages:
            average.update_parameters(net)
    theirs, ours = (average.state_dict() for average in averages)
    assert list(theirs) == list(ours)
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, msg=name)
    changed = ours['module.trained.0.weight'] - net.trained[0].weight
    assert changed.abs().max() > 0.1


def test_frozen_parts_are_left_alone():
    net = Net()
    average = TrainedMovingAverage(net, momentum=0.5)
    average.update_parameters(net)
    net.frozen.weight.data.fill_(9)
    average.update_parameters(net)
    assert not (average.module.frozen.weight == 9).any()


def test_frozen_parts_get_their_weights_after_the_average_is_made():
    # As in Runner.train: before_run, then init_weights, then the steps.
    net = Net()
    average = TrainedMovingAverage(net, momentum=0.5)
    net.frozen.weight.data.fill_(7)
    average.update_parameters(net)
    assert (average.module.frozen.weight == 7).all()


def test_average_on_another_device():
    net = Net()
    device = torch.device('cpu')
    average = TrainedMovingAverage(net, momentum=0.5, device=device)
    average.update_parameters(net)
    # A weight that is replaced, not written to, still counts.
    net.trained[0].weight.data = torch.ones(4, 3)
    start = average.module.trained[0].weight.clone()
    average.update_parameters(net)
    weight = average.module.trained[0].weight
    torch.testing.assert_close(weight, (start + 1) / 2)
    assert average.steps == 2
