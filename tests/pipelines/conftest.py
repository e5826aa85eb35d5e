"""Tiny generators, of the tests of generators."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / 'models' / 'generators'))

from pipeline_calls import quiet
from tiny_generator import build, wake
from tiny_knowledge import kb_dmgen

from mmkbdm.pipelines import KBDMGenPipeline


@pytest.fixture(scope='session')
def generator():
    """KB-DMGen as if it were trained."""
    model = build(kb_dmgen(call=dict(num_inference_steps=2)))
    wake(model, scale=0.5)
    return model


@pytest.fixture(scope='module')
def pipeline(generator):
    """Of the generator, for the tests of one file."""
    return quiet(KBDMGenPipeline.from_generator(generator))
