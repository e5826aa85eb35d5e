"""Sampling is measured by what a user calls."""

import pytest
import torch

from mmkbdm.analysis.generation import sampling_cost
from mmkbdm.analysis.generation.sampling_cost import (
    Sampler,
    count_operations,
    measure_sampling,
    tensors,
)
from mmkbdm.analysis.generation.step_clock import StepClock
from mmkbdm.analysis.generation.tables import operations_table, sampling_table
from mmkbdm.analysis.generation.training_cost import measure_training
from mmkbdm.analysis.generation.variants import CONFIGS, build_variants

NAMES = ('Stable Diffusion', 'ControlNet', 'KB-DMGen')


@pytest.fixture(scope='module')
def models():
    return build_variants(NAMES, 'toy', 'cpu')


def test_variants_share_what_is_the_same(models):
    plain, net, full = models.values()
    assert plain.base.unet is net.base.unet is full.base.unet
    assert plain.adapter is None and net.adapter.net is full.adapter.net
    assert net.adapter.masked_block is None and net.knowledge_base is None
    still = [k for k, v in full.adapter.named_parameters() if not v.any()]
    assert not still, 'zeros would be cheaper than trained weights'
    images = [Sampler(model, 64, 1)(2) for model in models.values()]
    assert not torch.equal(images[0], images[1])
    assert not torch.equal(images[1], images[2])


def test_clock_sees_every_step(models):
    sampler = Sampler(models['ControlNet'], 64, 1)
    with StepClock(sampler.model.base.unet) as clock:
        sampler(4)
    steps = clock.seconds()
    assert len(steps) == 3 and min(steps) > 0
    with StepClock(sampler.model.base.unet, stop_after=2) as clock:
        sampler(50)
    assert len(clock.marks) == 2
    sampler(2)
    assert len(clock.marks) == 2, 'it does not look any more'
    whole, step = sampler.clocked(3)
    assert whole > 2 * step


def test_rows_and_their_table(models, monkeypatch):
    monkeypatch.setattr(sampling_cost, 'IMAGE_STEPS', 4)
    told = []
    rows = measure_sampling(
        models, 64, 1, steps=2, rounds=2, full=True, progress=told.append
    )
    assert [row['name'] for row in rows] == list(NAMES)
    assert told[3] == '64 x 1: round 1 of 2'
    plain, net, full = rows
    for row, model in zip(rows, models.values()):
        assert row['rounds'] == 2 and row['size'] == 64
        assert 0 < row['step']['median'] < row['full_seconds']
        assert row['image_seconds'] > 3 * row['step']['median']
        assert row['images_per_second'] == 1 / row['image_seconds']
        assert row['weights_bytes'] == sum(t.nbytes for t in tensors(model))
        # Steps need the UNet's maps; all needs what steps need, too.
        assert row['call_bytes'] > 0 < row['step_bytes']
    assert net['ratio'] == dict(median=1, lower=1, upper=1)
    assert plain['step_bytes'] < net['step_bytes'] < full['step_bytes']
    lines = sampling_table(rows).splitlines()
    assert len(lines) == 5 and len({line.count('|') for line in lines}) == 1
    assert f'{1e3 * full["step"]["median"]:.1f}' in lines[-1]


def test_little_time_means_two_rounds(models):
    only = {'ControlNet': models['ControlNet']}
    [row] = measure_sampling(only, 64, 1, 2, rounds=9, max_seconds=0)
    assert row['rounds'] == 2


def test_operations_of_a_step(models):
    """What KB-DMGen adds to a step of ControlNet is little."""
    counts = {k: count_operations(m, 64) for k, m in models.items()}
    plain, net, full = counts.values()
    assert plain < net < full < 1.05 * net
    assert f'| {full / net:.3f} |' in operations_table(counts)


def test_training_step():
    models = build_variants(NAMES[1:], 'toy', 'cpu')
    for name, model in models.items():
        before = [v.clone() for v in model.adapter.parameters()]
        frozen = model.base.unet.conv_in.weight.clone()
        row = measure_training(model, name, 'toy', CONFIGS, 64, 1, steps=1)
        assert row['step_seconds'] > 0 and 0 < row['loss'] < 100
        moved = [
            not torch.equal(a, b)
            for a, b in zip(before, model.adapter.parameters())
        ]
        assert all(moved)
        assert torch.equal(frozen, model.base.unet.conv_in.weight)
        assert all(v.grad is None for v in model.parameters())
