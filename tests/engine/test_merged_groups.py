"""Merged groups train as MMEngine's do, with fewer of them."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmkbdm.models.layers import ParseGraph


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), ParseGraph(8), nn.ReLU()
    )


def trained(constructor):
    model = network()
    wrapper = build_optim_wrapper(
        model,
        dict(
            constructor=constructor,
            optimizer=dict(type='AdamW', lr=0.01, weight_decay=0.1),
            paramwise_cfg=dict(
                norm_decay_mult=0.0,
                custom_keys=dict(gamma=dict(decay_mult=0.0, lr_mult=10.0)),
            ),
        ),
    )
    images = torch.randn(2, 3, 10, 10, generator=torch.manual_seed(1))
    for _ in range(3):
        wrapper.update_params(model(images).square().mean())
    groups = wrapper.optimizer.param_groups
    return groups, model.state_dict()


def test_same_training_in_three_groups():
    groups, weights = trained('mmkbdm.MergedGroupsConstructor')
    theirs, expected = trained('DefaultOptimWrapperConstructor')
    assert len(groups) == 3 < len(theirs)
    assert sum(len(group['params']) for group in groups) == len(theirs)
    assert {(g['lr'], g['weight_decay']) for g in groups} == {
        (0.01, 0.1),
        (0.01, 0.0),
        (0.1, 0.0),
    }
    for name, weight in weights.items():
        assert torch.equal(weight, expected[name]), name


def test_nothing_is_merged_across_settings():
    groups, _ = trained('mmkbdm.MergedGroupsConstructor')
    (gates,) = [g for g in groups if g['lr'] == pytest.approx(0.1)]
    assert [tuple(p.shape) for p in gates['params']] == [(8,)] * 3
