"""Tiny generators, of the tests of generators."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / 'models' / 'generators'))

from tiny_generator import build, wake
from tiny_knowledge import kb_dmgen


@pytest.fixture(scope='session')
def generator():
    """KB-DMGen as if it were trained."""
    model = build(kb_dmgen(call=dict(num_inference_steps=2)))
    wake(model, scale=0.5)
    return model
