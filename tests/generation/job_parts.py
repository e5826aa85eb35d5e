"""A pipeline on the disk that heeds the pose, and people for it."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / 'pipelines'))
sys.path.insert(0, str(Path(__file__).parents[1] / 'models' / 'generators'))

from tiny_generator import build, wake
from tiny_knowledge import kb_dmgen

from mmkbdm.pipelines import KBDMGenPipeline


def write_pipeline(folder, **settings):
    """KB-DMGen of a few thousand random parameters."""
    model = build(kb_dmgen(call=dict(num_inference_steps=2), **settings))
    wake(model, scale=0.5)
    KBDMGenPipeline.from_generator(model).save_pretrained(folder)
    return str(folder)


def person(x=20, size=60):
    """Nested lists of 17 joints, all in 64x64."""
    rng = np.random.default_rng(x)
    joints = np.full((17, 3), 2.0)
    joints[:, :2] = rng.uniform(2, size, (17, 2)).round(1)
    return joints.tolist()
