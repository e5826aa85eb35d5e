"""A tiny generator that makes tiny people."""

import numpy as np
import torch
from tiny_generator import build, wake

from mmkbdm.generation.job import Job
from mmkbdm.pipelines import KBDMGenPipeline

PROMPT = 'oil_painting, a man running'


def man():
    """Someone with every joint, from the nose down."""
    x = 32 + 9 * np.array([0, 1, -1, 2, -2, *[3, -3] * 3, *[1, -1] * 3])
    y = np.array([6, 5, 5, 6, 6, *np.repeat([14, 22, 30, 34, 46, 58], 2)])
    return np.stack([x / 1.5 + 10, y, np.ones(17)], -1)[None].astype('f4')


def make_pipeline(cfg, scale=0.5):
    """As if it were trained, with masks that change over time."""
    model = build(cfg)
    wake(model, scale=scale)
    if model.adapter is not None and model.adapter.masked_block is not None:
        generator = torch.Generator().manual_seed(3)
        for layer in model.adapter.masked_block.layers:
            # Large enough that the attention is far from equal.
            layer.qkv.weight.data.normal_(std=0.3, generator=generator)
    pipeline = KBDMGenPipeline.from_generator(model)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def make_job(**settings):
    """Of 64x64 pixels, in three steps."""
    given = dict(
        height=64,
        width=64,
        seed=5,
        call=dict(num_inference_steps=3, guidance_scale=2.0),
        prompt=PROMPT,
        poses=man(),
    )
    return Job(**{**given, **settings})
