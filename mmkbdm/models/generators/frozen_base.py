"""The parts of Stable Diffusion that stay as they are (ours)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.generation.fingerprint import parameters_sha256

from .base_checks import check_parts, check_tokenizer
from .encoders import (
    draw_latents,
    encode_tokens,
    image_moments,
    text_tokens,
)


class FrozenBase(nn.Module):
    """VAE, UNet and text encoder: no gradients, evaluation mode, not saved.

    Always in evaluation mode, and no ``init_weights`` reaches the parts:
    transformers' one would make them random. A deep copy is the same object,
    so that a moving average of a generator does not hold them twice.

    Args:
        vae (AutoencoderKL): Of diffusers.
        unet (UNet2DConditionModel): Of diffusers.
        text_encoder (nn.Module): ``CLIPTextModel`` or
            ``CLIPTextModelWithProjection`` of transformers.
        tokenizer: Of transformers.
        saved (bool): Whether the state dict holds the parts. One without
            them loads strictly, too; one with them replaces them. Defaults
            to False.

    Attributes:
        factor (int): Pixels of an image a pixel of the latents.
        multiple (int): Images have sides that are multiples of it, in
            pixels.

    Raises:
        PreflightError: The parts do not fit together.
    """

    def __init__(
        self,
        vae: nn.Module,
        unet: nn.Module,
        text_encoder: nn.Module,
        tokenizer,
        saved: bool = False,
    ) -> None:
        super().__init__()
        check_parts(vae, unet, text_encoder)
        check_tokenizer(tokenizer, text_encoder)
        self.vae = vae
        self.unet = unet
        self.text_encoder = text_encoder
        self.tokenizer = tokenizer
        self._checksums = {}
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)
        levels = len(unet.config.block_out_channels)
        self.multiple = self.factor * 2 ** (levels - 1)
        self.requires_grad_(False).eval()
        self.register_load_state_dict_pre_hook(fill_in)
        if not saved:
            self.register_state_dict_post_hook(_leave_out)

    def train(self, mode: bool = True) -> 'FrozenBase':
        """Stay in evaluation mode."""
        return super().train(False)

    def __deepcopy__(self, memo: dict) -> 'FrozenBase':
        return self

    @property
    def device(self) -> torch.device:
        """Where the parts are."""
        return self.unet.device

    @property
    def pooled_dim(self) -> int | None:
        """Dimensions of :meth:`encode_pooled`; None without a projection."""
        projection = getattr(self.text_encoder, 'text_projection', None)
        return None if projection is None else projection.out_features

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """Return (C, h, w) of the latents of an image of so many pixels."""
        channels = self.unet.config.in_channels
        return channels, height // self.factor, width // self.factor

    @torch.no_grad()
    def encode_text(self, prompts: Sequence[str]) -> Tensor:
        """Encode prompts for the UNet, cut at the tokenizer's limit.

        Returns:
            Tensor: (B, tokens, C).
        """
        return self._encode(prompts).last_hidden_state

    @torch.no_grad()
    def encode_pooled(self, prompts: Sequence[str]) -> Tensor:
        """Encode prompts to one vector each, for a knowledge base.

        Returns:
            Tensor: (B, d), CLIP's projected embedding.
        """
        return self._encode(prompts).text_embeds

    @torch.no_grad()
    def encode_images(self, images: Tensor) -> Tensor:
        """Draw latents of images.

        Args:
            images (Tensor): (B, 3, H, W) uint8 RGB.

        Returns:
            Tensor: (B, C, H / factor, W / factor), of the UNet's scale.
        """
        return self.draw_latents(image_moments(self.vae, images))

    def draw_latents(self, moments: Tensor) -> Tensor:
        """Draw latents of what the VAE made of images.

        Args:
            moments (Tensor): (B, 2 C, h, w), see
                :func:`~mmkbdm.models.generators.encoders.image_moments`.
        """
        return draw_latents(self.vae, moments)

    def check_made_by(self, checksums: Mapping[str, str]) -> None:
        """Refuse what other encoders than these have made.

        Args:
            checksums (Mapping[str, str]): SHA-256 of the parameters of
                ``vae`` and ``text_encoder``, or of one of them.

        Raises:
            PreflightError: Names the part.
        """
        for part, checksum in checksums.items():
            if part not in self._checksums:
                self._checksums[part] = parameters_sha256(getattr(self, part))
            if checksum != self._checksums[part]:
                raise PreflightError(
                    f'the data are encoded by another {part} than the '
                    f"model's: give the dataset the {part} of the model"
                )

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Make images of latents.

        Returns:
            Tensor: (B, 3, H, W) uint8 RGB.
        """
        latents = latents / self.vae.config.scaling_factor
        pixels = self.vae.decode(latents.to(self.vae.dtype)).sample.float()
        pixels = (127.5 * (pixels + 1)).round().clamp(0, 255)
        return pixels.to(torch.uint8)

    def denoise(
        self,
        noisy: Tensor,
        timesteps: Tensor,
        text: Tensor,
        residuals: tuple[list[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Predict what the UNet was trained to predict.

        Args:
            noisy (Tensor): Latents (B, C, h, w).
            timesteps (Tensor): (B) or a scalar.
            text (Tensor): (B, tokens, C) of :meth:`encode_text`.
            residuals (tuple, optional): Of the pose adapter; gradients flow
                to it. Defaults to None.

        Returns:
            Tensor: (B, C, h, w).
        """
        dtype = self.unet.dtype
        down, mid = residuals or (None, None)
        # A float32 UNet under autocast takes them as they are.
        if residuals is not None and dtype != torch.float32:
            down, mid = [one.to(dtype) for one in down], mid.to(dtype)
        return self.unet(
            noisy.to(dtype),
            timesteps,
            encoder_hidden_states=text.to(dtype),
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
            return_dict=False,
        )[0]

    def _encode(self, prompts: Sequence[str]):
        tokens = text_tokens(self.tokenizer, self.text_encoder, prompts)
        return encode_tokens(self.text_encoder, tokens)


def _leave_out(module, state_dict: dict, prefix: str, metadata) -> None:
    for key in [key for key in state_dict if key.startswith(prefix)]:
        del state_dict[key]


def fill_in(module, state_dict: dict, prefix: str, *unused) -> None:
    """Let missing weights be those that are there."""
    module._checksums.clear()
    for part, child in module.named_children():
        for key, value in child.state_dict().items():
            state_dict.setdefault(f'{prefix}{part}.{key}', value)
