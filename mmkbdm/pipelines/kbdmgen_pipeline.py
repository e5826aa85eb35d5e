"""KB-DMGen as a pipeline of diffusers (ours)."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from diffusers import AutoencoderKL, DiffusionPipeline, UNet2DConditionModel
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
from diffusers.schedulers import SchedulerMixin
from diffusers.utils import BaseOutput
from PIL import Image
from torch import Tensor
from transformers import (
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.generators.batches import draw_noise, stack
from mmkbdm.models.generators.frozen_base import FrozenBase
from mmkbdm.models.generators.guided_latents import guided_latents
from mmkbdm.models.generators.pose_adapter import PoseAdapter
from mmkbdm.models.generators.sampling import Sampling, set_timesteps
from mmkbdm.models.knowledge_base import retrieved_codes

from .checks import check_adapter, check_knowledge_base
from .inputs import (
    draw_poses,
    generator_list,
    image_list,
    pose_list,
    spread_out,
    text_list,
)
from .knowledge_base_model import KnowledgeBaseModel
from .precision import in_float32

OUTPUTS = ('pil', 'np', 'pt', 'latent')


class KBDMGenPipelineOutput(BaseOutput):
    """What the pipeline answers.

    Attributes:
        images (list | np.ndarray | Tensor): B images as asked by
            ``output_type``: PIL images; float32 (B, H, W, 3) in 0..1;
            float32 (B, 3, H, W) in 0..1; latents (B, C, h, w).
    """

    images: list[Image.Image] | np.ndarray | Tensor


class KBDMGenPipeline(DiffusionPipeline):
    """People in given poses, by any of the project's variants.

    Without ``knowledge_base`` it is ControlNet or a Stable-Pose-style model,
    as ``adapter`` says, and without ``adapter`` it is Stable Diffusion.
    Settings and seeds of
    :meth:`~mmkbdm.models.generators.PoseGuidedGenerator.generate` give the
    same pixels. Whatever runs it, the frozen parts get no gradients.

    Args:
        vae (AutoencoderKL): Decodes the latents.
        unet (UNet2DConditionModel): The frozen one.
        text_encoder (CLIPTextModel or CLIPTextModelWithProjection): The
            frozen one.
        tokenizer (CLIPTokenizer): Of the text encoder.
        scheduler (SchedulerMixin): Of inference; any of diffusers for which
            the UNet predicts the right thing.
        adapter (PoseAdapter, optional): Defaults to None, no pose.
        knowledge_base (KnowledgeBaseModel, optional): Defaults to None.
        call (dict, optional): Settings that count where a call does not give
            others, see :class:`~mmkbdm.models.generators.sampling.Sampling`.

    Example:
        >>> pipeline = KBDMGenPipeline.from_pretrained('folder')
        >>> image = pipeline('sketch, a man running', poses=poses).images[0]
    """

    model_cpu_offload_seq = 'text_encoder->unet->vae'
    _optional_components = ['adapter', 'knowledge_base']
    _callback_tensor_inputs = ['latents']

    def __init__(
        self,
        vae: AutoencoderKL,
        unet: UNet2DConditionModel,
        text_encoder: CLIPTextModel | CLIPTextModelWithProjection,
        tokenizer: CLIPTokenizer,
        scheduler: SchedulerMixin,
        adapter: PoseAdapter | None = None,
        knowledge_base: KnowledgeBaseModel | None = None,
        call: dict | None = None,
    ) -> None:
        super().__init__()
        self.register_modules(
            vae=vae,
            unet=unet,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            scheduler=scheduler,
            adapter=adapter,
            knowledge_base=knowledge_base,
        )
        self.register_to_config(call=vars(Sampling.of(call)))
        base = self.base
        self.vae_scale_factor = base.factor
        if adapter is not None:
            check_adapter(adapter, base)
        if knowledge_base is not None:
            check_knowledge_base(knowledge_base.net, base, adapter)
        self._interrupt = False

    @classmethod
    def from_generator(cls, generator) -> 'KBDMGenPipeline':
        """Make a pipeline of a trained generator; both share the weights.

        Args:
            generator (PoseGuidedGenerator): Is put in evaluation mode.

        Raises:
            PreflightError: Its knowledge base cannot be saved.
        """
        generator.eval()
        base, knowledge_base = generator.base, generator.knowledge_base
        if knowledge_base is not None:
            knowledge_base = KnowledgeBaseModel.of(knowledge_base)
        return cls(
            vae=base.vae,
            unet=base.unet,
            text_encoder=base.text_encoder,
            tokenizer=base.tokenizer,
            scheduler=generator.sampler,
            adapter=generator.adapter,
            knowledge_base=knowledge_base,
            call=vars(generator.call),
        )

    @classmethod
    def from_pretrained(cls, path, **kwargs) -> 'KBDMGenPipeline':
        """Load a folder of safetensors; see diffusers for the arguments.

        Weights are float32, unless ``dtype`` (``torch_dtype`` in older
        diffusers) says otherwise.
        """
        pipeline = super().from_pretrained(
            path, **{'use_safetensors': True, **kwargs}
        )
        if {'dtype', 'torch_dtype'} & set(kwargs):
            return pipeline
        return in_float32(pipeline)

    @property
    def base(self) -> FrozenBase:
        """The parts of Stable Diffusion, as they are registered now."""
        return FrozenBase(
            self.vae, self.unet, self.text_encoder, self.tokenizer
        )

    @property
    def default_size(self) -> int:
        """Side of an image in pixels, if nothing else says it."""
        return self.unet.config.sample_size * self.vae_scale_factor

    @property
    def num_timesteps(self) -> int:
        """Steps of the call that runs, for callbacks."""
        return len(self.scheduler.timesteps)

    @property
    def interrupt(self) -> bool:
        """Whether the call ends after this step; set by ``_interrupt``."""
        return self._interrupt

    def codes(self, prompts: list[str]) -> list[dict[str, dict]]:
        """Tell which codes prompts are answered with.

        Returns:
            list[dict[str, dict]]: See
            :func:`~mmkbdm.models.knowledge_base.retrieved_codes`; empty
            dicts without a knowledge base.
        """
        if self.knowledge_base is None:
            return [{} for _ in prompts]
        return retrieved_codes(
            self.knowledge_base.net, prompts, self.base.encode_pooled
        )

    def check_call(self, call: dict) -> None:
        """Raise a PreflightError for settings of sampling that are none."""
        call = Sampling.of(self.config.call, call)
        set_timesteps(deepcopy(self.scheduler), call, torch.device('cpu'))

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        image=None,
        poses=None,
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        negative_prompt: str | list[str] | None = None,
        num_images_per_prompt: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: Tensor | None = None,
        pose_strength: float | None = None,
        pose_start: float | None = None,
        pose_end: float | None = None,
        kb_strength: float | None = None,
        output_type: str = 'pil',
        return_dict: bool = True,
        callback_on_step_end: Callable | None = None,
        callback_on_step_end_tensor_inputs: tuple[str, ...] = ('latents',),
    ) -> KBDMGenPipelineOutput | tuple:
        """Make images.

        Everything that does not depend on the latents is computed before the
        first step: texts, codes, the pose's encoding, masks, and what FiLM
        does at every step.

        Args:
            prompt (str or list[str]): B texts, cut at the tokenizer's limit.
            image (optional): Drawn poses, uint8 RGB of the size of the
                result: a PIL image, an array (H, W, 3), a tensor (3, H, W),
                or a list of B such. Either this or ``poses``; a model
                without adapter needs neither.
            poses (optional): COCO's joints in pixels of the result, (P, 17,
                2 or 3) with x, y and a confidence (all are sure without
                one), or a list of B such. Joints outside the image and of
                at most .02 are not drawn; P may be 0.
            height, width (int, optional): In pixels. Default to those of
                ``image``, or the UNet's.
            num_inference_steps, guidance_scale, negative_prompt,
                pose_strength, pose_start, pose_end, kb_strength: See
                :class:`~mmkbdm.models.generators.sampling.Sampling`;
                default to those of the pipeline. There may be B negative
                prompts.
            num_images_per_prompt (int): Images of each prompt, side by side
                in the result. Defaults to 1.
            generator (torch.Generator or list, optional): One, or one an
                image, on the CPU.
            latents (Tensor, optional): Noise to start from, one (C, h, w) an
                image, of a standard normal distribution.
            output_type (str): ``pil``, ``np``, ``pt`` or ``latent``.
            return_dict (bool): False returns the tuple (images,).
            callback_on_step_end (Callable, optional): ``f(pipeline, step,
                timestep, tensors) -> tensors``, as in diffusers; or one of
                its callbacks, which says itself which tensors it wants.
            callback_on_step_end_tensor_inputs (tuple[str]): ``latents``, or
                nothing.

        Returns:
            KBDMGenPipelineOutput or tuple: See there.

        Raises:
            PreflightError: One line that names what is wrong.
        """
        given = dict(
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            pose_strength=pose_strength,
            pose_start=pose_start,
            pose_end=pose_end,
            kb_strength=kb_strength,
        )
        given = {key: one for key, one in given.items() if one is not None}
        call = Sampling.of(self.config.call, given)
        _check_output(output_type, num_images_per_prompt)
        if isinstance(
            callback_on_step_end, PipelineCallback | MultiPipelineCallbacks
        ):
            wanted = callback_on_step_end.tensor_inputs
            callback_on_step_end_tensor_inputs = tuple(wanted)
        _check_callback(callback_on_step_end_tensor_inputs)
        drawn, prompts = self._drawn(
            text_list(prompt, 'prompt'), image, poses, height, width
        )
        negatives = [call.negative_prompt]
        if negative_prompt is not None:
            negatives = text_list(negative_prompt, 'negative_prompt')
        negatives = spread_out(negatives, len(prompts), 'negative_prompt')
        drawn, prompts, negatives = (
            [one for one in each for _ in range(num_images_per_prompt)]
            for each in (drawn, prompts, negatives)
        )
        base, device = self.base, self._execution_device
        condition = stack(drawn, 'image', base.multiple).to(device)
        generators = generator_list(generator, len(prompts))
        shape = base.latent_shape(*condition.shape[-2:])
        noise = _noise(latents, generators, shape).to(device)
        code = None
        if self.knowledge_base is not None and call.pose_strength > 0:
            code = self.knowledge_base(
                prompts, base.encode_pooled, None, generators
            )
        self._interrupt = False
        set_timesteps(self.scheduler, call, device)
        with self.progress_bar(total=self.num_timesteps) as bar:

            def on_step(i: int, timestep: Tensor, now: Tensor):
                if callback_on_step_end is not None:
                    tensors = dict(latents=now)
                    wanted = callback_on_step_end_tensor_inputs
                    tensors = {key: tensors[key] for key in wanted}
                    answer = callback_on_step_end(self, i, timestep, tensors)
                    now = answer.pop('latents', now)
                bar.update()
                return now, not self._interrupt

            result = guided_latents(
                base,
                self.scheduler,
                call,
                prompts,
                noise,
                generators,
                self.adapter,
                condition,
                code,
                negatives,
                on_step,
            )
        images = _as_asked(base, result, output_type)
        self.maybe_free_model_hooks()
        if not return_dict:
            return (images,)
        return KBDMGenPipelineOutput(images=images)

    def _drawn(
        self, prompts: list[str], image, poses, height, width
    ) -> tuple[list[Tensor], list[str]]:
        """Return drawings and prompts, one of each an image."""
        if image is not None and poses is not None:
            raise PreflightError('give image or poses, not both')
        if image is not None:
            drawn = image_list(image)
            found = drawn[0].shape[-2:]
            asked = height or found[0], width or found[1]
            if asked != tuple(found):
                raise PreflightError(
                    f'image has {found[1]}x{found[0]} pixels and is to become '
                    f'{asked[1]}x{asked[0]}: draw the poses at that size'
                )
        else:
            if poses is None and self.adapter is not None:
                raise PreflightError(
                    'give image or poses; poses=[] asks for nobody'
                )
            height = self.default_size if height is None else height
            width = self.default_size if width is None else width
            drawn = draw_poses(
                pose_list([] if poses is None else poses), height, width
            )
        count = max(len(drawn), len(prompts))
        return (
            spread_out(drawn, count, 'image or poses'),
            spread_out(prompts, count, 'prompt'),
        )


def _check_output(output_type: str, num_images_per_prompt: int) -> None:
    if output_type not in OUTPUTS:
        raise PreflightError(
            f'output_type={output_type!r} must be one of {", ".join(OUTPUTS)}'
        )
    if num_images_per_prompt < 1:
        raise PreflightError(
            f'num_images_per_prompt={num_images_per_prompt} must be at least 1'
        )


def _check_callback(wanted) -> None:
    for key in wanted:
        if key not in KBDMGenPipeline._callback_tensor_inputs:
            raise PreflightError(
                f'callback_on_step_end_tensor_inputs has {key!r}: there are '
                'latents'
            )


def _noise(latents: Tensor | None, generators, shape) -> Tensor:
    if latents is None:
        return draw_noise(generators, shape)
    wanted = (len(generators), *shape)
    if tuple(latents.shape) != wanted:
        raise PreflightError(
            f'latents have the shape {tuple(latents.shape)}, not {wanted}'
        )
    return latents


def _as_asked(base: FrozenBase, latents: Tensor, output_type: str):
    if output_type == 'latent':
        return latents
    images = base.decode(latents)
    if output_type == 'pt':
        return images.float() / 255
    arrays = images.permute(0, 2, 3, 1).cpu().numpy()
    if output_type == 'np':
        return arrays.astype(np.float32) / 255
    return [Image.fromarray(one) for one in arrays]
