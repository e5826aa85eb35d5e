"""What the frozen encoders make of images and prompts (ours)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


@torch.no_grad()
def image_moments(vae: nn.Module, images: Tensor) -> Tensor:
    """Encode images, without drawing.

    Args:
        vae (AutoencoderKL): Of diffusers, of f pixels a pixel of the latents.
        images (Tensor): (B, 3, H, W) uint8 RGB.

    Returns:
        Tensor: (B, 2 C, H / f, W / f), float32: mean and logarithm of the
        variance of each of the C latents.
    """
    pixels = (images / 127.5 - 1).to(vae.dtype)
    # Schedulers compute in the dtype of the latents, and half precision
    # rounds the first noise levels away.
    return vae.encode(pixels).latent_dist.parameters.float()


def draw_latents(vae: nn.Module, moments: Tensor) -> Tensor:
    """Draw latents of the UNet's scale.

    Args:
        vae (AutoencoderKL): Of diffusers.
        moments (Tensor): (B, 2 C, h, w) of :func:`image_moments`.

    Returns:
        Tensor: (B, C, h, w), float32.
    """
    # Here, because it imports diffusers.
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    latents = DiagonalGaussianDistribution(moments).sample()
    return latents * vae.config.scaling_factor


def text_tokens(
    tokenizer, text_encoder: nn.Module, prompts: Sequence[str]
) -> Tensor:
    """Return the tokens of prompts, int64 (B, tokens), cut at the limit."""
    return tokenizer(
        # Half a surrogate pair is no text to a tokenizer.
        [prompt.encode(errors='replace').decode() for prompt in prompts],
        padding='max_length',
        truncation=True,
        max_length=text_encoder.config.max_position_embeddings,
        return_tensors='pt',
    ).input_ids


@torch.no_grad()
def encode_tokens(text_encoder: nn.Module, tokens: Tensor):
    """Encode tokens, without an attention mask: so Stable Diffusion learned.

    Returns:
        The encoder's output with ``last_hidden_state`` (B, tokens, C) and,
        where it has the projection, ``text_embeds`` (B, d).
    """
    # Where a pipeline offloads it, its hook fetches it and the tokens.
    if not hasattr(text_encoder, '_hf_hook'):
        tokens = tokens.to(text_encoder.device)
    return text_encoder(tokens)
