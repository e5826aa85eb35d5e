"""CLIP of transformers, trained from scratch."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor

from mmkbdm.models.generators.parts import build_part
from mmkbdm.registry import MODELS
from mmkbdm.utils.clip_pixels import MEAN, STD

# Of CLIP: the logit scale stays below it.
MAX_SCALE = 100.0


@MODELS.register_module()
class TextImageContrast(BaseModel):
    """CLIP (arXiv 2103.00020): which text belongs to which image.

    Rendered captions repeat, so images with the same caption are all right
    answers to it and share the target (ours).

    Args:
        clip (dict): ``CLIPModel`` of transformers, and
        tokenizer (dict): its tokenizer, see
            :func:`~mmkbdm.models.generators.parts.build_part`. Batches have
            tokens already; this one is kept beside the weights.
        shift (int): In training, images are mirrored and moved by up to so
            many pixels at random. Defaults to 0, neither.
        **kwargs: Of :class:`mmengine.model.BaseModel`.

    Raises:
        ValueError: The text tower knows fewer tokens than the tokenizer, or
            looks for another end of the text.
    """

    def __init__(
        self, clip: dict, tokenizer: dict, shift: int = 0, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.clip = build_part(clip, 'clip')
        self.tokenizer = build_part(tokenizer, 'tokenizer')
        self.shift = shift
        text = self.clip.config.text_config
        ours = dict(
            vocab_size=len(self.tokenizer),
            eos_token_id=self.tokenizer.eos_token_id,
        )
        for key, value in ours.items():
            if getattr(text, key) != value:
                raise ValueError(
                    f'text_config.{key}={getattr(text, key)} must be {value}, '
                    "the tokenizer's"
                )

    def init_weights(self) -> None:
        """Keep transformers' initialisation, which the parts have."""

    def forward(
        self,
        image: Tensor,
        tokens: Tensor,
        prompt: list[str],
        mode: str = 'loss',
    ) -> dict[str, Tensor] | list[dict]:
        """Embed images and texts.

        Args:
            image (Tensor): (B, 3, H, W) uint8 RGB, of the size of the vision
                tower.
            tokens (Tensor): int64 (B, T).
            prompt (list[str]): B texts, of which the tokens are.
            mode (str): See below.

        Returns:
            dict or list: ``loss``: the contrastive loss. ``predict``: for
            each sample a dict with ``image`` and ``text``, embeddings (d,)
            of length 1 on the CPU, and ``prompt``.

        Raises:
            ValueError: On another mode.
        """
        if mode not in ('loss', 'predict'):
            raise ValueError(f"mode={mode!r} must be 'loss' or 'predict'")
        if mode == 'loss' and self.shift:
            image = _augment(image, self.shift)
        pixels = image / 255
        mean, std = pixels.new_tensor([MEAN, STD])[..., None, None]
        output = self.clip(
            input_ids=tokens, pixel_values=(pixels - mean) / std
        )
        images = F.normalize(output.image_embeds.float(), dim=-1)
        texts = F.normalize(output.text_embeds.float(), dim=-1)
        if mode == 'predict':
            found = zip(images.cpu(), texts.cpu(), prompt)
            return [dict(image=i, text=t, prompt=p) for i, t, p in found]
        scale = self.clip.logit_scale.exp().clamp(max=MAX_SCALE)
        same = _same_rows(tokens)
        return dict(loss=contrastive_loss(scale * images @ texts.T, same))


def contrastive_loss(logits: Tensor, same: Tensor) -> Tensor:
    """Cross-entropy in both directions, shared among equal texts.

    Args:
        logits (Tensor): Images by texts (B, B).
        same (Tensor): bool (B, B), symmetric: which texts are equal.

    Returns:
        Tensor: Scalar.
    """
    target = same.float() / same.sum(1, keepdim=True)
    to_text = F.cross_entropy(logits, target)
    return (to_text + F.cross_entropy(logits.T, target)) / 2


def _same_rows(tokens: Tensor) -> Tensor:
    return (tokens[:, None] == tokens[None]).all(-1)


def _augment(image: Tensor, shift: int) -> Tensor:
    """Mirror each image, and move all of them, at random."""
    mirrored = torch.rand(len(image), 1, 1, 1) < 0.5
    image = torch.where(mirrored.to(image.device), image.flip(-1), image)
    top, left = torch.randint(2 * shift + 1, (2,)).tolist()
    height, width = image.shape[-2:]
    padded = F.pad(image.float(), (shift,) * 4, mode='replicate')
    return padded[..., top : top + height, left : left + width]
