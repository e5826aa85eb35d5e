"""A tiny KB-DMGen at work, of the tests of generators."""

import sys
from pathlib import Path

import pytest
from matplotlib.text import Text

sys.path.insert(0, str(Path(__file__).parents[2] / 'models' / 'generators'))
sys.path.insert(0, str(Path(__file__).parents[2] / 'pipelines'))
sys.path.insert(0, str(Path(__file__).parents[2] / 'evaluation'))

from tiny_knowledge import kb_dmgen
from tiny_view import make_job, make_pipeline

from mmkbdm.visualization.generation.view import look_at_generation


@pytest.fixture(scope='session')
def pipeline():
    """KB-DMGen."""
    return make_pipeline(kb_dmgen())


@pytest.fixture(scope='session')
def view(pipeline):
    """Its image, the first and the last of three steps looked at."""
    return look_at_generation(pipeline, make_job(), [0, 2])


@pytest.fixture(scope='session')
def texts():
    """Return all texts of a page."""

    def read(page):
        found = page.figure.findobj(match=Text)
        return [' '.join(one.get_text().split()) for one in found]

    return read
