"""A VAE of diffusers, trained from scratch."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor

from mmkbdm.models.generators.parts import build_part
from mmkbdm.registry import MODELS

# Deviation of 0.05.
NARROW = -6.0


@MODELS.register_module()
class ImageAutoencoder(BaseModel):
    """The first stage of latent diffusion (arXiv 2112.10752).

    Its perceptual and adversarial losses need a network or a game beside the
    VAE. Here (ours) the differences between neighbouring pixels are compared
    as well, so that lines stay sharp. Absolute errors alone leave small
    models at the median colour; squared ones lead them away from it. And the
    posterior begins narrow, as noise of size 1 hides latents that mean little
    yet.

    Args:
        vae (dict): ``AutoencoderKL`` of diffusers, see
            :func:`~mmkbdm.models.generators.parts.build_part`.
        edge_weight (float): Of the differences of neighbours. Defaults to
            0.25.
        kl_weight (float): Of the divergence from a standard normal
            distribution, the mean over all latents. Defaults to 5e-4.
        **kwargs: Of :class:`mmengine.model.BaseModel`.
    """

    def __init__(
        self,
        vae: dict,
        edge_weight: float = 0.25,
        kl_weight: float = 5e-4,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.vae = build_part(vae, 'vae')
        # The half that is the logarithm of the variance.
        variance = self.vae.quant_conv.bias.data.chunk(2)[1]
        variance.fill_(NARROW)
        self.edge_weight = edge_weight
        self.kl_weight = kl_weight
        self.register_buffer('mean_square', torch.ones(()))

    def init_weights(self) -> None:
        """Keep diffusers' initialisation, which the VAE has."""

    @property
    def scaling_factor(self) -> float:
        """What makes latents as large as noise."""
        return self.mean_square.rsqrt().item()

    def forward(
        self, image: Tensor, mode: str = 'tensor', **meta
    ) -> Tensor | dict[str, Tensor] | list[dict]:
        """Encode and decode images.

        Args:
            image (Tensor): (B, 3, H, W) uint8 RGB.
            mode (str): See below.
            **meta: What else is in the batch is not used.

        Returns:
            Tensor, dict or list: ``tensor``: reconstructions (B, 3, H, W)
            between -1 and 1. ``loss``: losses. ``predict``: for each image
            a dict with the ``psnr`` of its reconstruction in whole numbers,
            in decibels.

        Raises:
            ValueError: On another mode.
        """
        if mode not in ('tensor', 'loss', 'predict'):
            raise ValueError(
                f"mode={mode!r} must be 'tensor', 'loss' or 'predict'"
            )
        pixels = image / 127.5 - 1
        found = self.vae.encode(pixels).latent_dist
        latents = found.sample() if mode == 'loss' else found.mode()
        rebuilt = self.vae.decode(latents).sample.float()
        if mode == 'tensor':
            return rebuilt
        if mode == 'predict':
            levels = (127.5 * (rebuilt + 1)).round().clamp(0, 255)
            error = (levels - image).square().mean((1, 2, 3)).clamp(min=1e-9)
            psnr = 10 * (255**2 / error).log10()
            return [dict(psnr=value) for value in psnr.tolist()]
        square = latents.detach().float().square().mean()
        self.mean_square.lerp_(square, 0.01)
        divergence = found.kl().mean() / latents[0].numel()
        return dict(
            loss_pixels=F.l1_loss(rebuilt, pixels),
            loss_squares=F.mse_loss(rebuilt, pixels),
            loss_edges=self.edge_weight * _edge_loss(rebuilt, pixels),
            loss_kl=self.kl_weight * divergence,
        )


def _edge_loss(rebuilt: Tensor, pixels: Tensor) -> Tensor:
    error = rebuilt - pixels
    down, right = error.diff(dim=-2), error.diff(dim=-1)
    return down.abs().mean() + right.abs().mean()
