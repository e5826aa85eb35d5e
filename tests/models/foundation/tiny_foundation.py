"""Small models of real parts of a few thousand parameters, and data."""

import numpy as np
import torch

from mmkbdm.datasets.foundation import ImageTexts
from mmkbdm.models.foundation import (
    ImageAutoencoder,
    TextImageContrast,
    TextToImage,
)
from mmkbdm.models.foundation.tokenizer import make_tokenizer

WORDS = ('a', 'red', 'green', 'square')
PROMPTS = ('sketch, a red square', 'sketch, a green square')
SIZE = 16

VAE = dict(
    type='AutoencoderKL',
    block_out_channels=(8, 8),
    down_block_types=('DownEncoderBlock2D',) * 2,
    up_block_types=('UpDecoderBlock2D',) * 2,
    layers_per_block=1,
    latent_channels=4,
    norm_num_groups=4,
    sample_size=SIZE,
)
UNET = dict(
    type='UNet2DConditionModel',
    sample_size=8,
    block_out_channels=(16, 16),
    layers_per_block=1,
    down_block_types=('CrossAttnDownBlock2D', 'DownBlock2D'),
    up_block_types=('UpBlock2D', 'CrossAttnUpBlock2D'),
    cross_attention_dim=16,
    attention_head_dim=2,
    norm_num_groups=4,
)


def tokenizer():
    """Knows the words above."""
    return make_tokenizer(WORDS, max_length=12)


def text_tower():
    """Config of the text side."""
    return dict(
        vocab_size=len(tokenizer()),
        hidden_size=16,
        intermediate_size=16,
        projection_dim=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=12,
        bos_token_id=tokenizer().bos_token_id,
        eos_token_id=tokenizer().eos_token_id,
        pad_token_id=tokenizer().pad_token_id,
    )


def autoencoder(**settings):
    """A VAE with its losses."""
    torch.manual_seed(0)
    return ImageAutoencoder(VAE, **settings)


def contrast(**settings):
    """Both towers."""
    torch.manual_seed(0)
    vision = dict(
        image_size=SIZE,
        patch_size=8,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    clip = dict(
        type='CLIPModel',
        text_config=text_tower(),
        vision_config=vision,
        projection_dim=8,
    )
    return TextImageContrast(clip, tokenizer(), **settings)


def text_to_image(**settings):
    """The UNet between a VAE and a text side, built where it has none."""
    torch.manual_seed(0)
    parts = dict(
        vae=VAE,
        text_encoder=dict(
            type='CLIPTextModelWithProjection', from_config=text_tower()
        ),
        tokenizer=tokenizer(),
    )
    return TextToImage(
        unet=UNET,
        scheduler=dict(
            type='DDPMScheduler',
            prediction_type='v_prediction',
            rescale_betas_zero_snr=True,
            timestep_spacing='trailing',
            clip_sample=False,
        ),
        sampler=dict(type='DDIMScheduler'),
        **{**parts, 'call': dict(num_inference_steps=2), **settings},
    )


class Squares:
    """A square on grey, in a colour that the prompt names."""

    def __init__(self, count=8):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        # BGR, as MMCV reads images.
        image = np.full((SIZE, SIZE, 3), 90, np.uint8)
        at = 2 + index % 4
        image[at : at + 8, at : at + 8, 2 - index % 2] = 250
        return dict(img=image, prompt=PROMPTS[index % 2])


def images(**settings):
    """The squares in memory."""
    return ImageTexts(Squares(), tokenizer=tokenizer(), **settings)


def fit(model, batch, steps, lr):
    """Train on a batch, or on what gives batches; first and last loss."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    history = []
    for _ in range(steps):
        data = batch() if callable(batch) else batch
        losses = model(**data, mode='loss')
        total = sum(v for k, v in losses.items() if k.startswith('loss'))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(total.item())
    model.eval()
    return history[0], np.mean(history[-5:])
