"""A text-to-image UNet in latent space, trained from scratch."""

from copy import deepcopy

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmkbdm.models.generators.cuda_graph import as_cuda_graph
from mmkbdm.models.generators.diffusion_loss import training_target
from mmkbdm.models.generators.parts import build_part, build_sampler
from mmkbdm.models.generators.pose_guided_generator import PoseGuidedGenerator
from mmkbdm.registry import MODELS


@MODELS.register_module()
class TextToImage(BaseModel):
    """The second stage of latent diffusion (arXiv 2112.10752).

    Trained on batches of
    :class:`~mmkbdm.datasets.foundation.EncodedImages`, in which VAE and text
    encoder have done their work: neither is needed here before images are
    made. Those are made by :class:`PoseGuidedGenerator` without an adapter.

    Args:
        unet, scheduler (dict): Of diffusers, see
            :func:`~mmkbdm.models.generators.parts.build_part`.
        sampler (dict): Scheduler of inference, see
            :class:`PoseGuidedGenerator`.
        vae, text_encoder, tokenizer (dict): Built when images are made.
        features (dict, optional): Such as
            :class:`~mmkbdm.evaluation.metrics.CLIPFeatures`; embeds the
            images that are made in validation. Defaults to None.
        call (dict, optional): Settings of
            :class:`~mmkbdm.models.generators.sampling.Sampling`. Defaults to
            None.
        autocast (str, optional): Type of the UNet's calculations in
            training on a GPU, such as ``bfloat16``, which needs no loss
            scale. CPUs calculate in float32, where most are faster. Defaults
            to None, float32.
        graph (bool): Whether a GPU replays the UNet's steps in training as
            one CUDA graph, captured at the first: a small UNet takes longer
            to be launched than to be calculated. All batches need one size.
            Defaults to False.
        **kwargs: Of :class:`mmengine.model.BaseModel`.
    """

    def __init__(
        self,
        unet: dict,
        scheduler: dict,
        sampler: dict,
        vae: dict,
        text_encoder: dict,
        tokenizer: dict,
        features: dict | None = None,
        call: dict | None = None,
        autocast: str | None = None,
        graph: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.unet = build_part(unet, 'unet')
        self.scheduler = build_part(scheduler, 'scheduler')
        self.sampler = build_sampler(sampler, self.scheduler)
        self.call = call
        self.autocast = autocast and getattr(torch, autocast)
        self.graph = graph
        self._frozen_cfg = dict(
            vae=vae, text_encoder=text_encoder, tokenizer=tokenizer
        )
        self._features_cfg = features
        # A dict hides them from the optimizer and from moving averages.
        self._built = {}

    def init_weights(self) -> None:
        """Keep diffusers' initialisation, which the UNet has."""

    def forward(
        self,
        latents: Tensor | None = None,
        text: Tensor | None = None,
        image: Tensor | None = None,
        prompt: list[str] | None = None,
        mode: str = 'loss',
        **meta,
    ) -> dict[str, Tensor] | list[dict]:
        """Compute the loss of a batch at random times, or make images.

        Args:
            latents (Tensor): For ``loss``: (B, C, h, w).
            text (Tensor): For ``loss``: states (B, tokens, d).
            image (Tensor): For ``predict``: (B, 3, H, W), only its size
                counts.
            prompt (list[str]): For ``predict``: B texts.
            mode (str): See below.
            **meta: What else is in the batch is not used.

        Returns:
            dict or list: ``loss``: the squared error of the prediction.
            ``predict``: for each prompt a dict with ``image`` and ``text``,
            embeddings (d,) by ``features``, and ``prompt``.

        Raises:
            ValueError: On another mode.
        """
        if mode == 'predict':
            return self._predict(image, prompt)
        if mode != 'loss':
            raise ValueError(f"mode={mode!r} must be 'loss' or 'predict'")
        count = self.scheduler.config.num_train_timesteps
        timesteps = spread_timesteps(len(latents), count).to(latents.device)
        noise = torch.randn_like(latents)
        noisy = self.scheduler.add_noise(latents, noise, timesteps)
        target = training_target(self.scheduler, latents, noise, timesteps)
        predicted = self._denoise(noisy, timesteps, text)
        return dict(loss=(predicted.float() - target).square().mean())

    @torch.no_grad()
    def generate(
        self, batch: dict, generator: list[torch.Generator], **call
    ) -> Tensor:
        """Make images, see :meth:`PoseGuidedGenerator.generate`."""
        return self._generator().generate(batch, generator, **call)

    def describe(self) -> dict:
        """Return what a report says of it, ready for JSON."""
        return self._generator().describe()

    def _denoise(self, *inputs: Tensor) -> Tensor:
        if 'denoiser' not in self._built:
            denoiser = _Denoiser(self.unet, self.autocast)
            if self.graph and inputs[0].is_cuda:
                denoiser = as_cuda_graph(denoiser, inputs)
            self._built['denoiser'] = denoiser
        return self._built['denoiser'](*inputs)

    def _generator(self) -> PoseGuidedGenerator:
        device = self.unet.device
        if 'frozen' not in self._built:
            self._built['frozen'] = {
                name: build_part(cfg, name)
                for name, cfg in self._frozen_cfg.items()
            }
        # The generator freezes its UNet: this one goes on learning.
        generator = PoseGuidedGenerator(
            unet=deepcopy(self.unet),
            scheduler=self.scheduler,
            sampler=self.sampler,
            call=self.call,
            **self._built['frozen'],
        )
        return generator.to(device).eval()

    def _predict(self, image: Tensor, prompt: list[str]) -> list[dict]:
        if 'features' not in self._built:
            self._built['features'] = MODELS.build(self._features_cfg)
        features = self._built['features'].to(self.unet.device)
        batch = dict(prompt=prompt, condition=list(torch.zeros_like(image)))
        generators = [
            torch.Generator().manual_seed(i) for i in range(len(prompt))
        ]
        images = self.generate(batch, generators)
        found = [features(images), features.encode_text(list(prompt))]
        found = [one / one.norm(dim=-1, keepdim=True) for one in found]
        found = zip(*(one.cpu() for one in found), prompt)
        return [dict(image=i, text=t, prompt=p) for i, t, p in found]


class _Denoiser(nn.Module):
    """The UNet as a function of tensors, as CUDA graphs want it."""

    def __init__(self, unet: nn.Module, autocast: torch.dtype | None) -> None:
        super().__init__()
        self.unet = unet
        self.autocast = autocast

    def forward(self, noisy: Tensor, timesteps: Tensor, text: Tensor):
        # A cache of converted weights would outlive their next step.
        with torch.autocast(
            'cuda',
            dtype=self.autocast,
            enabled=noisy.is_cuda and self.autocast is not None,
            cache_enabled=False,
        ):
            return self.unet(noisy, timesteps, text, return_dict=False)[0]


def spread_timesteps(batch: int, count: int) -> Tensor:
    """Draw times that cover the whole diffusion in each batch.

    Source: "Variational Diffusion Models" (arXiv 2107.00630), appendix I.1:
    less variance of the loss than independent draws. The order is random,
    the chance is PyTorch's on the CPU.

    Args:
        batch (int): How many.
        count (int): Times there are.

    Returns:
        Tensor: int64 (batch,), in [0, count).
    """
    share = (torch.arange(batch) + torch.rand(())) / batch
    return (share * count).long().clamp(max=count - 1)[torch.randperm(batch)]
