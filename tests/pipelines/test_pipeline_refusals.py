"""What a pipeline refuses, in one line."""

import numpy as np
import pytest
import torch
from pipeline_calls import person, run
from safetensors.torch import save_file
from tiny_generator import (
    UNET,
    VAE,
    build,
    config,
    full,
    generators,
)
from tiny_knowledge import KNOWLEDGE, SOURCE

from mmkbdm.apis.errors import PreflightError
from mmkbdm.pipelines import KBDMGenPipeline

RAW = dict(type='mmkbdm.RawText', in_dim=6, code_dim=5)
TWO_LEVELS = dict(
    down_block_types=('DownEncoderBlock2D',) * 2,
    up_block_types=('UpDecoderBlock2D',) * 2,
)


def test_parts_of_other_models_are_refused(pipeline, tmp_path):
    """Of what is loaded, and of what is put together."""
    pipeline.save_pretrained(tmp_path)
    parts = {
        name: KBDMGenPipeline.from_generator(build(cfg)).adapter
        for name, cfg in dict(
            controlnet=config(),
            wide=config(unet=dict(UNET, block_out_channels=(16, 48))),
            coarse=config(
                vae=dict(VAE, block_out_channels=(8, 8), **TWO_LEVELS),
                adapter=dict(conditioning_channels=(4, 8)),
            ),
            code=full(knowledge_base=dict(KNOWLEDGE, source=RAW)),
        ).items()
    }
    for name, words in dict(
        controlnet='needs an adapter with FiLM',
        wide=r'block_out_channels=\[16, 48\], unet \[16, 32\]',
        coarse='adapter makes 2 pixels one, vae 4',
        code='codes of 4 dimensions, the adapter takes 5',
    ).items():
        with pytest.raises(PreflightError, match=words):
            KBDMGenPipeline(**{**pipeline.components, 'adapter': parts[name]})
    with pytest.raises(PreflightError, match='needs an adapter with FiLM'):
        KBDMGenPipeline(**{**pipeline.components, 'adapter': None})
    folder = tmp_path / 'adapter'
    (folder / 'config.json').rename(tmp_path / 'kept.json')
    parts['controlnet'].save_config(folder)
    with pytest.raises(PreflightError, match='no place for the weight'):
        KBDMGenPipeline.from_pretrained(tmp_path)
    (tmp_path / 'kept.json').rename(folder / 'config.json')
    weights = folder / 'diffusion_pytorch_model.safetensors'
    save_file(parts['controlnet'].state_dict(), weights, dict(format='pt'))
    with pytest.raises(PreflightError, match='is not in them') as caught:
        KBDMGenPipeline.from_pretrained(tmp_path)
    assert str(folder) in str(caught.value)


def test_oracle_has_no_pipeline():
    source = dict(SOURCE['codebook'], type='mmkbdm.FeatureCodebook')
    knowledge = dict(
        type='mmkbdm.KnowledgeBase',
        source=dict(type='mmkbdm.OracleCode', codebook=source),
    )
    with pytest.raises(PreflightError, match='needs the true images'):
        KBDMGenPipeline.from_generator(build(full(knowledge_base=knowledge)))
    model = build(full())
    model.knowledge_base.settings['source'] = model.knowledge_base.source
    with pytest.raises(PreflightError, match='source is a RawText'):
        KBDMGenPipeline.from_generator(model)


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(image=[], poses=person()), 'not both'),
        (dict(image=None), 'give image or poses'),
        (dict(poses=person()[:, :16]), r'\(1, 16, 3\)'),
        (dict(poses=[person()[..., :1]]), r'\(1, 17, 1\)'),
        (dict(poses=[['a']]), 'no array of numbers'),
        (dict(poses=person() * np.nan), 'joint 0 of person 0'),
        (dict(poses=[person()] * 3), '3 images|for 3'),
        (dict(image='a.png'), 'no drawn pose'),
        (dict(image=torch.rand(3, 64, 64)), 'no drawn pose'),
        (dict(prompt=3), 'prompt=3'),
        (dict(prompt=['a', None]), 'no text'),
        (dict(prompt='a \ud800'), 'half a character at 2'),
        (dict(negative_prompt=['a'] * 3), 'negative_prompt has 3 entries'),
        (dict(generator=generators(3)), 'generator has 3 entries'),
        (dict(generator=7), 'generator=7 must be on the CPU'),
        (dict(output_type='gif'), "output_type='gif'"),
        (dict(num_images_per_prompt=0), 'num_images_per_prompt=0'),
        (dict(num_inference_steps=0), 'num_inference_steps=0'),
        (dict(guidance_scale=-1), 'guidance_scale=-1'),
        (dict(pose_start=0.8, pose_end=0.2), 'pose_start=0.8'),
        (dict(callback_on_step_end_tensor_inputs=['x']), "has 'x'"),
    ],
    # Tensors and generators have no names that stay.
    ids=lambda x: x if isinstance(x, str) else '-'.join(x),
)
def test_bad_input(pipeline, settings, words):
    with pytest.raises(PreflightError, match=words) as caught:
        run(pipeline, **settings)
    assert '\n' not in str(caught.value)
