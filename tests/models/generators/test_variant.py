"""Weights of another method are refused, however they are loaded."""

import copy

import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from mmengine.runner import load_checkpoint
from tiny_generator import KNOWLEDGE, build, config, full, masks
from torch import nn

from mmkbdm.engine.checkpoint_match import CheckpointMismatchError

RANDOM = dict(
    type='mmkbdm.RandomCode',
    codebook=dict(
        type='mmkbdm.FeatureCodebook', in_dim=6, num_codes=5, code_dim=4
    ),
)
VARIANTS = dict(
    controlnet=config(),
    stablepose=config(masks=masks(learnable=False)),
    dm=config(masks=masks()),
    kbdmgen=full(),
    random=full() | dict(knowledge_base=dict(KNOWLEDGE, source=RANDOM)),
)
NAMES = dict(
    controlnet=r'ControlNet \(adapter\)',
    dm=r'Stable-Pose-style \(adapter, masks\)',
    kbdmgen=r'KB-DMGen \(adapter, masks, film, knowledge_base, raw text\)',
    random=r'KB-DMGen \(adapter, masks, film, knowledge_base, codebook\)',
)


@pytest.fixture(scope='module')
def models():
    return {name: build(cfg) for name, cfg in VARIANTS.items()}


@pytest.mark.parametrize(
    ('of', 'into', 'weight'),
    [
        ('kbdmgen', 'controlnet', 'null_answer is not in the model'),
        ('controlnet', 'kbdmgen', 'null_answer is not in it'),
        ('dm', 'kbdmgen', 'null_answer is not in it'),
        ('random', 'kbdmgen', 'projection.weight is not in it'),
    ],
)
@pytest.mark.parametrize('way', ['torch', 'mmengine'])
def test_another_method(models, of, into, weight, way, tmp_path):
    state = models[of].state_dict()
    words = f'is of {NAMES[of]}, the model is {NAMES[into]}: [a-z_.]*{weight}'
    before = copy.deepcopy(models[into].state_dict())
    with pytest.raises(CheckpointMismatchError, match=words) as caught:
        if way == 'torch':
            models[into].load_state_dict(state)
        else:
            torch.save(dict(state_dict=state), tmp_path / 'w.pth')
            load_checkpoint(models[into], str(tmp_path / 'w.pth'))
    assert '\n' not in str(caught.value)
    for key, value in models[into].state_dict().items():
        assert torch.equal(value, before[key])


def test_static_and_dynamic_masks_continue_each_other(models):
    build(VARIANTS['dm']).load_state_dict(models['stablepose'].state_dict())
    build(VARIANTS['stablepose']).load_state_dict(models['dm'].state_dict())


def test_another_size_and_another_kind(models):
    state = models['random'].state_dict()
    cfg = copy.deepcopy(VARIANTS['random'])
    cfg['knowledge_base']['source']['codebook']['num_codes'] = 7
    words = r'quantizer.*is \(5, 4\) in it, \(7, 4\) in the model'
    with pytest.raises(CheckpointMismatchError, match=words):
        build(cfg).load_state_dict(state)
    with pytest.raises(CheckpointMismatchError, match='no pose-guided'):
        models['dm'].load_state_dict(nn.Linear(2, 3).state_dict())


def test_the_base_of_another_size(models):
    saving = build(config(save_frozen=True))
    state = saving.state_dict()
    models['controlnet'].load_state_dict(state)
    state['base.unet.conv_in.weight'] = torch.zeros(2, 2)
    with pytest.raises(CheckpointMismatchError, match='unet.conv_in.weight'):
        models['controlnet'].load_state_dict(state)


def test_moving_average(models):
    average = ExponentialMovingAverage(models['dm'])
    state = average.state_dict()
    average.load_state_dict(state)
    for key in [key for key in state if 'masked_block' in key]:
        del state[key]
    with pytest.raises(CheckpointMismatchError, match='is of ControlNet'):
        average.load_state_dict(state, strict=False)
