"""CLIP embeddings of pictures and prompts, with diffusers' own packages."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmkbdm.registry import MODELS
from mmkbdm.utils.clip_pixels import MEAN, STD


@MODELS.register_module()
class CLIPFeatures(nn.Module):
    """Projected CLIP embeddings, frozen.

    Args:
        name_or_path (str): Folder of a CLIP model with its tokenizer, or a
            name on the hub. Defaults to ``openai/clip-vit-base-patch16``,
            which the published CLIP scores use.
    """

    def __init__(
        self, name_or_path: str = 'openai/clip-vit-base-patch16'
    ) -> None:
        super().__init__()
        from transformers import CLIPModel, CLIPTokenizer

        self.name = name_or_path
        # Transformers 5 keep the dtype of the file.
        self.model = CLIPModel.from_pretrained(name_or_path).float().eval()
        self.tokenizer = CLIPTokenizer.from_pretrained(name_or_path)
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Embed pictures.

        Args:
            images (Tensor): (B, 3, H, W) uint8 RGB.

        Returns:
            Tensor: (B, d) float32. The pictures are resized with
            antialiasing to the network's size and cropped to its centre.
        """
        size = self.model.config.vision_config.image_size
        height, width = images.shape[-2:]
        scale = size / min(height, width)
        resized = F.interpolate(
            images.float(),
            (round(height * scale), round(width * scale)),
            mode='bicubic',
            antialias=True,
        )
        top, left = ((n - size) // 2 for n in resized.shape[-2:])
        pixels = resized[..., top : top + size, left : left + size]
        # Pictures are whole numbers, to CLIP's own processor too.
        pixels = pixels.round().clamp(0, 255) / 255
        mean, std = pixels.new_tensor([MEAN, STD])[..., None, None]
        pixels = ((pixels - mean) / std).to(self.model.device)
        return _tensor(self.model.get_image_features(pixel_values=pixels))

    @torch.no_grad()
    def encode_text(self, prompts: list[str]) -> Tensor:
        """Embed prompts (B, d), cut at the tokenizer's limit of tokens."""
        limit = self.model.config.text_config.max_position_embeddings
        tokens = self.tokenizer(
            # Half a surrogate pair is no text to a tokenizer.
            [prompt.encode(errors='replace').decode() for prompt in prompts],
            padding=True,
            truncation=True,
            max_length=limit,
            return_tensors='pt',
        ).to(self.model.device)
        return _tensor(self.model.get_text_features(**tokens))


def _tensor(output) -> Tensor:
    """Transformers 5 wraps what Transformers 4 answers as a tensor."""
    return output if isinstance(output, Tensor) else output.pooler_output
