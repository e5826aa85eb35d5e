"""Real pipelines of diffusers of a few thousand random parameters."""

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DDIMScheduler,
    StableDiffusionControlNetPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import (
    StableDiffusionSafetyChecker,
)
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
)

SPECIAL = ('<|startoftext|>', '<|endoftext|>')


def tokenizer(folder: Path) -> CLIPTokenizer:
    """Letters and nothing else."""
    folder.mkdir(parents=True)
    letters = [chr(i) for i in range(33, 127)]
    words = [*letters, *(f'{one}</w>' for one in letters), *SPECIAL]
    vocabulary = {word: i for i, word in enumerate(words)}
    (folder / 'vocab.json').write_text(json.dumps(vocabulary))
    (folder / 'merges.txt').write_text('#version: 0.2\n')
    return CLIPTokenizer.from_pretrained(folder, model_max_length=77)


def components(folder: Path) -> dict:
    """Parts of Stable Diffusion."""
    torch.manual_seed(0)
    tokens = tokenizer(folder)
    text = CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        bos_token_id=tokens.bos_token_id,
        eos_token_id=tokens.eos_token_id,
    )
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=('CrossAttnDownBlock2D', 'DownBlock2D'),
        up_block_types=('UpBlock2D', 'CrossAttnUpBlock2D'),
        cross_attention_dim=8,
        attention_head_dim=4,
        norm_num_groups=4,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=('DownEncoderBlock2D',) * 2,
        up_block_types=('UpDecoderBlock2D',) * 2,
        layers_per_block=1,
        norm_num_groups=4,
    )
    return dict(
        unet=unet,
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=tokens,
        scheduler=DDIMScheduler(steps_offset=1, set_alpha_to_one=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def write_controlnet(folder: Path) -> Path:
    """A pipeline that is told the pose, and heeds it."""
    parts = components(folder / 'tokens')
    controlnet = ControlNetModel.from_unet(
        parts['unet'], conditioning_embedding_out_channels=(4, 8)
    )
    # Untrained ones are zero.
    for value in controlnet.parameters():
        if not value.any() and value.ndim > 1:
            torch.nn.init.normal_(value, std=0.3)
    pipeline = StableDiffusionControlNetPipeline(
        controlnet=controlnet, **parts
    )
    pipeline.save_pretrained(folder / 'controlnet')
    return folder / 'controlnet'


def write_plain(folder: Path) -> Path:
    """A pipeline without pose, but with a safety checker."""
    parts = components(folder / 'tokens')
    vision = dict(
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )
    config = CLIPConfig(vision_config=vision, projection_dim=8)
    parts.update(
        safety_checker=StableDiffusionSafetyChecker(config),
        feature_extractor=CLIPImageProcessor(),
        requires_safety_checker=True,
    )
    StableDiffusionPipeline(**parts).save_pretrained(folder / 'plain')
    return folder / 'plain'
