"""What generators are trained on, encoded once and kept on the disk (ours)."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.device import get_device
from torch import Tensor

from mmkbdm.generation.fingerprint import parameters_sha256
from mmkbdm.models.generators.encoders import (
    encode_tokens,
    image_moments,
    text_tokens,
)
from mmkbdm.models.generators.parts import build_part
from mmkbdm.models.knowledge_base import (
    CachedRows,
    FeatureCache,
    decompose,
    encoder_key,
)

# Prompts that are encoded at once, and rows of a file of the cache.
PROMPTS = 64
SHARD = 512


class EncodedImages:
    """Moments of the VAE for images.

    Args:
        vae (dict): Of diffusers, see
            :func:`~mmkbdm.models.generators.parts.build_part`.
        batch_size (int): Images at once.

    Attributes:
        checksum (str): SHA-256 of its parameters.
    """

    def __init__(self, vae: dict, batch_size: int) -> None:
        self.batch_size = batch_size
        self.vae = build_part(vae, 'vae').eval().to(get_device())
        self.checksum = parameters_sha256(self.vae)

    def rows(
        self,
        folder: Path,
        preprocessing: str,
        identities: Sequence[str],
        load: Callable[[int], Tensor],
    ) -> CachedRows:
        """Encode the images that are not in a cache yet.

        Args:
            folder (Path): Of the cache.
            preprocessing (str): Describes ``load``.
            identities (Sequence[str]): N, of the images.
            load (Callable): Takes a position and returns the image (3, H,
                W), uint8 RGB.

        Returns:
            CachedRows: N times (2 C, h, w), float32.
        """

        def encode(rows: range) -> np.ndarray:
            images = torch.stack([load(row) for row in rows])
            moments = image_moments(self.vae, images.to(self.vae.device))
            return moments.cpu().numpy()

        key = encoder_key(self.vae, f'moments {preprocessing}')
        return FeatureCache(folder, key, SHARD).rows(
            identities, in_batches(encode, self.batch_size)
        )


class EncodedTexts:
    """States and features of the text encoder for prompts.

    Args:
        text_encoder, tokenizer (dict): Of transformers, see
            :func:`~mmkbdm.models.generators.parts.build_part`.

    Attributes:
        checksum (str): SHA-256 of the encoder's parameters.
        projects (bool): Whether it has CLIP's projection, and so features.
    """

    def __init__(self, text_encoder: dict, tokenizer: dict) -> None:
        self.encoder = build_part(text_encoder, 'text_encoder')
        self.encoder.eval().to(get_device())
        self.tokenizer = build_part(tokenizer, 'tokenizer')
        self.checksum = parameters_sha256(self.encoder)
        self.projects = hasattr(self.encoder, 'text_projection')

    def states(
        self, folder: Path, prompts: Sequence[str]
    ) -> tuple[CachedRows, list[int]]:
        """Encode prompts for a UNet.

        Returns:
            tuple[CachedRows, list[int]]: Rows (tokens, C), float32; and the
            row of each prompt.
        """
        return self._rows(folder, prompts, 'last_hidden_state')

    def features(
        self, folder: Path, prompts: Sequence[str], types: Collection[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Encode prompts and their parts for a knowledge base.

        Returns:
            tuple[np.ndarray, np.ndarray]: Rows (n, t), float32; and the rows
            of type, objects, status and whole of each prompt, int64 (N, 4),
            those of an empty text where it lacks one.
        """
        parts = {prompt: decompose(prompt, types) for prompt in {*prompts}}
        texts = [
            text or ''
            for one in map(parts.get, prompts)
            for text in (one.type, one.objects, one.status, one.whole)
        ]
        rows, places = self._rows(folder, texts, 'text_embeds')
        return rows.take(range(len(rows))), np.reshape(places, (-1, 4))

    def _rows(
        self, folder: Path, texts: Sequence[str], name: str
    ) -> tuple[CachedRows, list[int]]:
        place = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        tokens = text_tokens(self.tokenizer, self.encoder, list(place))

        def encode(rows: range) -> np.ndarray:
            part = tokens[rows.start : rows.stop]
            output = encode_tokens(self.encoder, part)
            return getattr(output, name).float().cpu().numpy()

        # The tokens are what the tokenizer makes of a text.
        identities = [str(row) for row in tokens.tolist()]
        cache = FeatureCache(folder, encoder_key(self.encoder, name), SHARD)
        return (
            cache.rows(identities, in_batches(encode, PROMPTS)),
            [place[text] for text in texts],
        )


def in_batches(
    encode: Callable[[range], np.ndarray], size: int
) -> Callable[[range], np.ndarray]:
    """Let a function that takes ``size`` rows take many."""

    def encode_all(rows: range) -> np.ndarray:
        starts = range(rows.start, rows.stop, size)
        return np.concatenate(
            [encode(range(at, min(at + size, rows.stop))) for at in starts]
        )

    return encode_all
