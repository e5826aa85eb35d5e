import pytest
import torch
from torch import nn

from mmkbdm.engine.checkpoint_match import (
    CheckpointMismatchError,
    check_match,
    neck_may_lack,
)
from mmkbdm.models.necks import RMPG


class Net(nn.Module):
    def __init__(self, width=4, neck=True, out=1):
        super().__init__()
        self.backbone = nn.Linear(2, width)
        if neck:
            self.neck = nn.Linear(width, width)
        self.head = nn.Linear(width, out)


def refusal(model, checkpoint, **kwargs):
    with pytest.raises(CheckpointMismatchError) as caught:
        check_match(model.state_dict(), checkpoint.state_dict(), **kwargs)
    message = str(caught.value)
    assert '\n' not in message
    assert 'of another model' in message
    assert 'use the config it was trained with' in message
    # The same config may build another model in a later version.
    assert 'version of mmkbdm' in message
    return message


def test_the_same_model_fits():
    check_match(Net().state_dict(), Net().state_dict())


def test_another_shape_prints_both():
    message = refusal(Net(5), Net(4))
    assert 'backbone.weight is (4, 2) in it, (5, 2) in the model' in message
    assert 'and 4 more of 6 tensors' in message


def test_missing_and_surplus_tensors():
    assert 'neck.weight is not in it' in refusal(Net(), Net(neck=False))
    assert 'neck.weight is not in the model' in refusal(Net(neck=False), Net())


def test_may_lack_but_not_differ():
    check_match(
        Net().state_dict(),
        Net(neck=False).state_dict(),
        may_lack=('neck.',),
    )
    other = Net()
    other.neck = nn.Linear(4, 3)
    assert 'neck.weight is (3, 4)' in refusal(
        Net(), other, may_lack=('neck.',)
    )


def test_may_differ_in_shape_and_presence():
    for checkpoint in (Net(out=3), Net(neck=False)):
        check_match(
            Net().state_dict(),
            checkpoint.state_dict(),
            may_differ=('neck.', 'head.'),
        )
    assert 'head.weight' in refusal(Net(), Net(out=3), may_differ=('neck.',))


def test_a_prefix_ends_at_its_dot():
    model = {'neck.a': torch.ones(1), 'neckline.a': torch.ones(1)}
    with pytest.raises(CheckpointMismatchError, match=r'neckline\.a is not'):
        check_match(model, {}, may_lack=('neck.',))


@pytest.mark.parametrize('mid_channels', [None, 8])
def test_only_a_neck_that_begins_closed_may_be_missing(mid_channels):
    net = Net()
    for gate_init, expected in ((0.0, ('neck.',)), (1.0, ())):
        net.neck = RMPG(
            16, (2,), mid_channels=mid_channels, gate_init=gate_init
        )
        assert neck_may_lack(net) == expected
    # What has no gates is not known.
    assert neck_may_lack(Net()) == neck_may_lack(Net(neck=False)) == ('neck.',)
