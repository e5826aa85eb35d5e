"""A frozen Stable Diffusion that is told the pose, registered."""

from collections.abc import Mapping

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmkbdm.apis.build_from import build_from
from mmkbdm.apis.errors import PreflightError
from mmkbdm.generation.fingerprint import parameters_sha256
from mmkbdm.registry import MODELS

from .base_checks import check_texts
from .batches import (
    as_tensor,
    check_count,
    draw_kept,
    draw_noise,
    one_each,
    stack,
)
from .build_adapter import build_adapter
from .cuda_graph import as_cuda_graph
from .diffusion_loss import pose_weight, training_target
from .frozen_base import FrozenBase, fill_in
from .guided_latents import guided_latents
from .parts import build_part, build_sampler
from .sampling import Sampling, set_timesteps
from .trained_prediction import TrainedPrediction
from .variant import check_variant


@MODELS.register_module()
class PoseGuidedGenerator(BaseModel):
    """Stable Diffusion, ControlNet, Stable-Pose-style and KB-DMGen in one.

    The methods are this class with parts left out:

    =================  ================================================
    method             arguments
    =================  ================================================
    Stable Diffusion   ``adapter=None``
    ControlNet         ``adapter=dict()``
    Stable-Pose-style  and ``masks=dict(learnable=False)``, ``alpha=5``
    dynamic masks      and ``masks=dict()``, ``alpha=5``
    knowledge base     and ``knowledge_base``
    KB-DMGen           both
    =================  ================================================

    Only the adapter (with masks and FiLM) and what the knowledge base leaves
    trainable learn; VAE, UNet and text encoder never change and are not in
    checkpoints.

    Ours: dropped prompts still reach the knowledge base, which has a share of
    its own. So a code beside an empty prompt is what training saw, and both
    sides of the guidance get the same code, as they get the same pose.

    Args:
        vae, unet, text_encoder, tokenizer, scheduler (dict): Of diffusers
            and transformers, see
            :func:`~mmkbdm.models.generators.parts.build_part`. The scheduler
            is that of training; its prediction type is followed.
        sampler (dict): Scheduler of inference: ``type`` and what differs
            from that of training.
        adapter (dict, optional): ``conditioning_channels`` of
            :meth:`PoseAdapter.from_unet`. Defaults to None, no pose.
        masks (dict, optional): See :class:`PoseAdapter`. Defaults to None.
        knowledge_base (dict or nn.Module, optional): Such as
            :class:`~mmkbdm.models.knowledge_base.KnowledgeBase`; it is asked
            with the projected texts of ``text_encoder``. Defaults to None.
        film (dict, optional): See :class:`PoseAdapter`; ``code_dim`` is the
            knowledge base's. Defaults to None, its defaults.
        alpha (float): Weight of the loss on and near the pose; 1 is the
            plain loss, 5 Stable-Pose's. Defaults to 1.
        alpha_radius (float): How near, in pixels of a drawing of 512: that
            of the finest mask. Defaults to 6.
        prompt_dropout (float): Share of prompts that are empty in training.
            Defaults to 0.5, Stable-Pose's.
        call (dict, optional): Settings of
            :class:`~mmkbdm.models.generators.sampling.Sampling`. Defaults to
            None.
        gradient_checkpointing (bool): Defaults to False.
        graph (bool): Whether a GPU replays training steps as CUDA graphs,
            captured at the first; for small networks and batches of one
            size, in one process. Defaults to False.
        save_frozen (bool): Whether checkpoints hold the frozen parts.
            Defaults to False.
        init_cfg (dict, optional): Of MMEngine. Defaults to None.

    Raises:
        PreflightError: A part cannot be built, or values or parts do not fit
            together.
    """

    def __init__(
        self,
        vae: dict,
        unet: dict,
        text_encoder: dict,
        tokenizer: dict,
        scheduler: dict,
        sampler: dict,
        adapter: dict | None = None,
        masks: dict | None = None,
        knowledge_base: dict | nn.Module | None = None,
        film: dict | None = None,
        alpha: float = 1.0,
        alpha_radius: float = 6.0,
        prompt_dropout: float = 0.5,
        call: dict | None = None,
        gradient_checkpointing: bool = False,
        graph: bool = False,
        save_frozen: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if alpha <= 0 or alpha_radius < 0:
            raise PreflightError(
                f'alpha={alpha} must be above 0, alpha_radius={alpha_radius} '
                'not negative'
            )
        if not 0 <= prompt_dropout <= 1:
            raise PreflightError(f'prompt_dropout={prompt_dropout}: give 0..1')
        if film is not None and knowledge_base is None:
            raise PreflightError('film needs a knowledge_base')
        inside = masks is not None or knowledge_base is not None
        if adapter is None and inside:
            raise PreflightError(
                'masks and knowledge_base need adapter=dict()'
            )
        self.alpha = alpha
        self.alpha_radius = alpha_radius
        self.prompt_dropout = prompt_dropout
        self.call = Sampling.of(call)
        self.scheduler = build_part(scheduler, 'scheduler')
        self.sampler = build_sampler(sampler, self.scheduler)
        parts = dict(
            vae=vae, unet=unet, text_encoder=text_encoder, tokenizer=tokenizer
        )
        built = {name: build_part(cfg, name) for name, cfg in parts.items()}
        self.base = FrozenBase(**built, saved=save_frozen)
        self.knowledge_base = knowledge_base
        if isinstance(knowledge_base, Mapping):
            self.knowledge_base = build_from(
                MODELS, knowledge_base, 'knowledge_base', dict(source=MODELS)
            )
        if knowledge_base is not None:
            check_texts(self.base, self.knowledge_base)
        self.adapter = None
        if adapter is not None:
            if self.knowledge_base is not None:
                code_dim = self.knowledge_base.code_dim
                film = dict(film or {}, code_dim=code_dim)
            self.adapter = build_adapter(
                self.base,
                masks=masks,
                film=film,
                num_train_timesteps=self.scheduler.config.num_train_timesteps,
                **adapter,
            )
        if gradient_checkpointing:
            self.base.unet.enable_gradient_checkpointing()
            if self.adapter is not None:
                self.adapter.enable_gradient_checkpointing()
        self.graph = graph
        # A dict hides it from the optimizer and from moving averages.
        self._captured = {}
        self.register_load_state_dict_pre_hook(_refuse_others)

    def forward(
        self,
        condition: list[Tensor],
        prompt: list[str],
        image: list[Tensor] | None = None,
        image_features: list[Tensor] | None = None,
        moments: list[Tensor] | None = None,
        text: list[Tensor] | None = None,
        text_features: list[Tensor] | None = None,
        made_by: dict | None = None,
        mode: str = 'loss',
        **meta,
    ) -> dict[str, Tensor]:
        """Compute the loss of a batch at random times.

        What :class:`~mmkbdm.datasets.generation.CachedSamples` has encoded
        is not encoded again. Lists may be stacked tensors.

        Args:
            image, condition (list[Tensor]): B uint8 (3, H, W) RGB of one
                size, see
                :class:`~mmkbdm.datasets.transforms.PackGeneration`; images
                are not needed beside ``moments``.
            prompt (list[str]): B texts.
            image_features (list[Tensor], optional): B vectors for
                :class:`~mmkbdm.models.knowledge_base.OracleCode`.
            moments (list[Tensor], optional): B times (2 C, h, w), of the
                VAE.
            text (list[Tensor], optional): B times (tokens, C), of the text
                encoder.
            text_features (list[Tensor], optional): B times (4, t), for the
                knowledge base.
            made_by (dict, optional): Checksums of the encoders.
            mode (str): ``loss``, there is no other; images are made by
                :meth:`generate`.
            **meta: What else is in the batch is not used.

        Returns:
            dict[str, Tensor]: ``loss``, weighted by alpha, and ``mse``,
            which is not.

        Raises:
            PreflightError: Inputs do not fit the model or one another.
        """
        if mode != 'loss':
            raise ValueError(
                f"mode={mode!r} must be 'loss': images are made by generate()"
            )
        if self.adapter is None:
            raise ValueError('without adapter there is nothing to train')
        self.base.check_made_by(one_each(made_by or {}))
        check_count(prompt, condition=condition)
        condition = self._stack(condition, 'condition')
        latents = self._latents(image, moments, condition)
        steps = self.scheduler.config.num_train_timesteps
        timesteps = torch.randint(steps, latents.shape[:1]).to(latents.device)
        # Unlike randn_like's, the same in every memory format.
        noise = torch.randn(latents.shape, device=latents.device)
        noisy = self.scheduler.add_noise(latents, noise, timesteps)
        text = self._texts(prompt, text)
        code = self._codes(prompt, image_features, None, text_features)
        predicted = self._predict(noisy, timesteps, text, condition, code)
        target = training_target(self.scheduler, latents, noise, timesteps)
        error = (predicted.float() - target.float()).square()
        mse = error.mean()
        if self.alpha == 1:
            return dict(loss=mse, mse=mse.detach())
        weight = pose_weight(
            condition, self.base.factor, self.alpha, self.alpha_radius
        )
        return dict(loss=(weight * error).mean(), mse=mse.detach())

    @torch.no_grad()
    def generate(
        self, batch: dict, generator: list[torch.Generator], **call
    ) -> Tensor:
        """Make an image of each prompt and condition, in evaluation mode.

        Args:
            batch (dict): ``prompt`` and ``condition`` as in :meth:`forward`,
                and ``image_features``, if the knowledge base needs them.
            generator (list[torch.Generator]): B, on the CPU.
            **call: Settings of sampling, in place of those of the model.

        Returns:
            Tensor: (B, 3, H, W) uint8 RGB.

        Raises:
            PreflightError: A size or a setting is impossible.
        """
        call = Sampling.of(vars(self.call), call)
        prompts = list(batch['prompt'])
        check_count(prompts, condition=batch['condition'], generator=generator)
        condition = self._stack(batch['condition'], 'condition')
        # The noise comes first, so that variants start from the same.
        shape = self.base.latent_shape(*condition.shape[-2:])
        noise = draw_noise(generator, shape).to(self.base.device)
        code = None
        if self.adapter is not None and call.pose_strength > 0:
            code = self._codes(prompts, batch.get('image_features'), generator)
        set_timesteps(self.sampler, call, self.base.device)
        latents = guided_latents(
            self.base,
            self.sampler,
            call,
            prompts,
            noise,
            generator,
            self.adapter,
            condition,
            code,
        )
        return self.base.decode(latents)

    def describe(self) -> dict:
        """Return what a report says of it, ready for JSON."""
        parts = dict(
            vae=self.base.vae,
            unet=self.base.unet,
            text_encoder=self.base.text_encoder,
            adapter=self.adapter,
            knowledge_base=self.knowledge_base,
        )
        return dict(
            name='PoseGuidedGenerator',
            masks=self.adapter and self.adapter.config.masks,
            film=self.adapter and self.adapter.config.film,
            knowledge_base=self.knowledge_base
            and self.knowledge_base.describe(),
            alpha=self.alpha,
            alpha_radius=self.alpha_radius,
            prompt_dropout=self.prompt_dropout,
            call=vars(self.call),
            sampler=type(self.sampler).__name__,
            parameters_sha256={
                name: part and parameters_sha256(part)
                for name, part in parts.items()
            },
        )

    def _predict(self, *inputs: Tensor | None) -> Tensor:
        inputs = tuple(one for one in inputs if one is not None)
        prediction = TrainedPrediction(self.base, self.adapter)
        if not (self.graph and inputs[0].is_cuda):
            return prediction(*inputs)
        if not self._captured:
            self._captured['replay'] = as_cuda_graph(prediction, inputs)
        return self._captured['replay'](*inputs)

    def _latents(self, image, moments, condition: Tensor) -> Tensor:
        wanted = self.base.latent_shape(*condition.shape[-2:])
        if moments is None:
            latents = self.base.encode_images(self._stack(image, 'image'))
        else:
            moments = as_tensor(moments).to(self.base.device)
            latents = self.base.draw_latents(moments)
        if latents.shape[1:] != wanted:
            raise PreflightError(
                f'images have latents {tuple(latents.shape[1:])}, conditions '
                f'are of {wanted}: give both one size'
            )
        return latents

    def _texts(self, prompts: list[str], text) -> Tensor:
        """Encode prompts but for those that are dropped."""
        kept = draw_kept(len(prompts), self.prompt_dropout)
        if text is None:
            pairs = zip(prompts, kept.tolist())
            prompts = [prompt if keep else '' for prompt, keep in pairs]
            return self.base.encode_text(prompts)
        text = as_tensor(text).to(self.base.device)
        kept = kept.to(text.device)[:, None, None]
        return torch.where(kept, text, self.base.encode_text(['']).to(text))

    def _codes(
        self, prompts, images, generator=None, texts=None
    ) -> Tensor | None:
        if self.knowledge_base is None:
            return None
        images, texts = (
            None if one is None else as_tensor(one).to(self.base.device)
            for one in (images, texts)
        )
        return self.knowledge_base(
            list(prompts), self.base.encode_pooled, images, generator, texts
        )

    def _stack(self, images: list[Tensor], name: str) -> Tensor:
        return stack(images, name, self.base.multiple).to(self.base.device)


def _refuse_others(module, state_dict: dict, prefix: str, *unused) -> None:
    """Every way to load goes through here, those that skip keys, too."""
    own = module.state_dict()
    fill_in(module.base, own, 'base.')
    check_variant(
        own,
        {
            key.removeprefix(prefix): value
            for key, value in state_dict.items()
            if key.startswith(prefix)
        },
    )
