"""Latents and text states, encoded once (ours)."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from mmengine.device import get_device
from mmengine.dist import is_main_process
from torch import Tensor
from tqdm import tqdm

from mmkbdm.models.generators.encoders import encode_tokens, text_tokens
from mmkbdm.models.generators.parts import build_part
from mmkbdm.registry import DATASETS

from .in_memory import InMemory


@DATASETS.register_module()
class EncodedImages(InMemory):
    """What a text-to-image UNet is trained on, held where it is needed.

    VAE and text encoder are fixed, so they see each image and prompt once,
    before training. What the VAE makes is kept as mean and deviation in half
    precision: each batch draws latents of its own.

    A batch has ``latents``, float32 (B, C, h, w) of the UNet's scale, and
    ``text``, float32 (B, tokens, d); both on the GPU where there is one.

    Args:
        dataset (dict): Config of :class:`ImageTexts`.
        vae, text_encoder, tokenizer (dict): Of diffusers and transformers,
            see :func:`~mmkbdm.models.generators.parts.build_part`.
        prompt_dropout (float): Share of samples whose prompt is empty, drawn
            anew in each batch. Defaults to 0.1.
        batch_size (int): Images that are encoded at a time. Defaults to 500.
    """

    def __init__(
        self,
        dataset: dict,
        vae: dict,
        text_encoder: dict,
        tokenizer: dict,
        prompt_dropout: float = 0.1,
        batch_size: int = 500,
    ) -> None:
        if not 0 <= prompt_dropout <= 1:
            raise ValueError(f'prompt_dropout={prompt_dropout}: give 0..1')
        if isinstance(dataset, Mapping):
            dataset = DATASETS.build(dataset)
        self.prompt_dropout = prompt_dropout
        self.device = get_device()
        vae = build_part(vae, 'vae').to(self.device).eval()
        self._encode_images(vae, dataset.images, batch_size)
        encoder = build_part(text_encoder, 'text_encoder')
        tokenizer = build_part(tokenizer, 'tokenizer')
        encoder.to(self.device).eval()
        self._encode_texts(encoder, tokenizer, dataset.prompts, batch_size)

    def __len__(self) -> int:
        return len(self.mean)

    def gather(self, indices: Tensor) -> dict:
        """Return ``latents`` and ``text``."""
        rows = self.rows[indices]
        rows[torch.rand(len(rows)) < self.prompt_dropout] = 0
        indices, rows = indices.to(self.device), rows.to(self.device)
        mean = self.mean[indices].float()
        latents = mean + self.deviation[indices] * torch.randn_like(mean)
        return dict(latents=latents, text=self.states[rows].float())

    @torch.no_grad()
    def _encode_images(self, vae, images: Tensor, size: int) -> None:
        means, deviations = [], []
        scale = vae.config.scaling_factor
        for chunk in _bar(images.split(size), 'Encoding images'):
            pixels = chunk.to(self.device) / 127.5 - 1
            found = vae.encode(pixels).latent_dist
            means.append((scale * found.mean).half())
            deviations.append((scale * found.std).half())
        self.mean, self.deviation = torch.cat(means), torch.cat(deviations)

    def _encode_texts(
        self, encoder, tokenizer, prompts: Sequence[str], size: int
    ) -> None:
        # The first row is the empty prompt, of those that are dropped.
        unique = ['', *sorted({*prompts} - {''})]
        row_of = {prompt: i for i, prompt in enumerate(unique)}
        self.rows = torch.tensor([row_of[prompt] for prompt in prompts])
        states = []
        for start in _bar(range(0, len(unique), size), 'Encoding prompts'):
            tokens = text_tokens(
                tokenizer, encoder, unique[start : start + size]
            )
            output = encode_tokens(encoder, tokens)
            states.append(output.last_hidden_state.half())
        self.states = torch.cat(states)


def _bar(chunks: Iterable, name: str) -> tqdm:
    return tqdm(chunks, desc=name, disable=not is_main_process())
