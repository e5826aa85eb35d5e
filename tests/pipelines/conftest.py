"""Tiny generators, of the tests of generators."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / 'models' / 'generators'))

from tiny_generator import build, full, wake

SOURCE = dict(
    type='mmkbdm.PredictedCode',
    codebook=dict(
        type='mmkbdm.FeatureCodebook', in_dim=6, num_codes=8, code_dim=4
    ),
    text_to_code=dict(
        type='mmkbdm.TextToCode',
        in_dim=6,
        num_codes=8,
        # Where a training finds the weights; a pipeline has them inside.
        init_cfg=dict(type='Pretrained', checkpoint='gone.pth'),
    ),
    top_k=3,
)
KNOWLEDGE = dict(type='mmkbdm.KnowledgeBase', source=SOURCE)


def kb_dmgen(**settings):
    """KB-DMGen with a real codebook."""
    return dict(full(**settings), knowledge_base=KNOWLEDGE)


@pytest.fixture(scope='session')
def generator():
    """KB-DMGen as if it were trained."""
    model = build(kb_dmgen(call=dict(num_inference_steps=2)))
    wake(model, scale=0.5)
    return model
