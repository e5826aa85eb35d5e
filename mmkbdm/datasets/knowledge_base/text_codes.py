"""What stage 2 is trained on."""

from collections.abc import Collection

import numpy as np
import torch

from mmkbdm.models.knowledge_base.encode import text_features
from mmkbdm.models.knowledge_base.words import SCENARIOS
from mmkbdm.registry import DATASETS, MODELS

from .base import FeatureDataset
from .targets import code_shares, images_of_texts


@DATASETS.register_module()
class TextCodes(FeatureDataset):
    """Text features with the codes of the images that fit the text (ours).

    One sample for each image and each text that fits it, so that a text is
    seen as often as a knowledge base is asked for it. A sample has
    ``features`` (torch.Tensor): float32 (t,), and ``target`` (torch.Tensor):
    float32 (K,), the shares of the codes among all images that fit the text.

    Args:
        codebook (dict): Config of the :class:`FeatureCodebook` of stage 1.
        checkpoint (str): Its weights.
        with_parts (bool): Whether the parts of a prompt are texts of their
            own, as a knowledge base asks for them. Defaults to True.
        types (Collection[str]): Known types of prompts. Defaults to
            Human-Art's scenarios.
        **kwargs: Of :class:`FeatureDataset`.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        PreflightError: It is of another codebook.
    """

    def __init__(
        self,
        *args,
        codebook: dict,
        checkpoint: str,
        with_parts: bool = True,
        types: Collection[str] = SCENARIOS,
        **kwargs,
    ) -> None:
        self.codebook = codebook
        self.checkpoint = checkpoint
        self.with_parts = with_parts
        self.types = types
        super().__init__(*args, **kwargs)

    def load(self) -> list[dict]:
        """Read or compute what all samples are made of."""
        # First, as encoding takes long.
        codebook = self.build_codebook()
        encoder = self.build_encoder()
        features, prompts = self.encode_images(encoder)
        self.num_codes = len(codebook.codes)
        self.codes = codebook.encode(torch.from_numpy(features)).numpy()
        images = images_of_texts(prompts, self.types, self.with_parts)
        rows = text_features(encoder, list(images), self.cache / 'texts')
        shares = [
            code_shares(self.codes, fitting, self.num_codes)
            for fitting in images.values()
        ]
        texts = [
            dict(features=features, target=target)
            for features, target in zip(
                torch.from_numpy(rows), torch.from_numpy(np.stack(shares))
            )
        ]
        counts = map(len, images.values())
        return [text for text, n in zip(texts, counts) for _ in range(n)]

    def build_codebook(self) -> torch.nn.Module:
        """Build the codebook of stage 1."""
        codebook = MODELS.build(dict(self.codebook)).eval()
        codebook.load_state_dict(codebook.read(self.checkpoint))
        return codebook
