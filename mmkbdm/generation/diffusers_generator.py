"""Pipelines of diffusers as generators (ours)."""

import inspect
import json
import math
import os
import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.made_by import made_by
from mmkbdm.registry import MODELS

from .fingerprint import parameters_sha256

# What published results were sampled with, for pipelines that take it.
DEFAULTS = dict(num_inference_steps=50, guidance_scale=7.5)
# What the pipelines of Stable Diffusion ask of both sides of an image, in
# pixels, whatever their VAE.
MULTIPLE = 8
# Arguments that each batch sets.
GIVEN = ('prompt', 'height', 'width', 'generator', 'output_type')


@MODELS.register_module()
class DiffusersGenerator:
    """Any text-to-image pipeline of diffusers, with a pose or without.

    The drawn poses go where the pipeline takes its control image: those with
    a ControlNet or T2I-Adapter are told the pose, a plain one is a model
    without pose. Safety checkers are switched off: they blacken images.

    Args:
        pretrained (str or DiffusionPipeline): Folder of a pipeline,
            :class:`~mmkbdm.pipelines.KBDMGenPipeline` among them, or its
            name on the hub; or one that is loaded already.
        torch_dtype (str, optional): ``float16``, ``bfloat16`` or
            ``float32``. Defaults to None, which is the last.
        device (str, optional): Defaults to None, a GPU where there is one.
        call (dict, optional): Further arguments of the pipeline's call; a
            text is used for every image. Replace or join the pipeline's own
            settings, which are 50 steps at a guidance scale of 7.5 where it
            brings none.

    Raises:
        PreflightError: There is no such pipeline, or it is one that needs
            something else than a prompt and a condition; or it does not
            take what is in ``call``.

    Example:
        >>> generator = DiffusersGenerator(
        ...     'folder', call=dict(num_inference_steps=20)
        ... )
    """

    def __init__(
        self,
        pretrained,
        torch_dtype: str | None = None,
        device: str | None = None,
        call: dict | None = None,
    ) -> None:
        if torch_dtype not in (None, 'float16', 'bfloat16', 'float32'):
            raise PreflightError(
                f'torch_dtype={torch_dtype!r} must be float16, bfloat16 or '
                'float32'
            )
        self.pipeline = pretrained
        if isinstance(pretrained, str):
            self.pipeline = _load(pretrained, torch_dtype)
        self.pretrained = str(self.pipeline.name_or_path or '')
        self.name = type(self.pipeline).__name__
        self.takes = inspect.signature(self.pipeline.__call__).parameters
        self.condition_argument = condition_argument(self.pipeline, self.takes)
        self.call = {k: v for k, v in DEFAULTS.items() if k in self.takes}
        self.call.update(self.pipeline.config.get('call') or {})
        self.call = self.merged(call)
        if getattr(self.pipeline, 'safety_checker', None) is not None:
            self.pipeline.register_modules(safety_checker=None)
            self.pipeline.register_to_config(requires_safety_checker=False)
        self.pipeline.set_progress_bar_config(disable=True)
        device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
        self.pipeline.to(device)

    def merged(self, call: dict | None) -> dict:
        """Return the settings of sampling with others in their place.

        Raises:
            PreflightError: The pipeline does not take one, or it is no
                setting.
        """
        given = {*GIVEN, self.condition_argument}
        for key in call or ():
            if key in given:
                raise PreflightError(
                    f'call has {key!r}, which every image has its own of: '
                    'leave it out'
                )
            if key not in self.takes:
                raise PreflightError(
                    f'{self.name} of {self.pretrained} takes no {key!r}'
                )
        merged = {**self.call, **(call or {})}
        if hasattr(self.pipeline, 'check_call'):
            self.pipeline.check_call(merged)
        return merged

    def check_size(self, height: int, width: int) -> None:
        """Check a size in pixels.

        Raises:
            PreflightError: The pipeline makes no images of it.
        """
        if hasattr(self.pipeline, 'base'):
            multiple = self.pipeline.base.multiple
        else:
            scale = getattr(self.pipeline, 'vae_scale_factor', MULTIPLE)
            multiple = math.lcm(MULTIPLE, scale)
        if height < 1 or width < 1 or height % multiple or width % multiple:
            raise PreflightError(
                f'{self.name} makes no images of {width}x{height} pixels: '
                f'both sides must be multiples of {multiple}'
            )

    @property
    def default_size(self) -> int:
        """Side of an image in pixels that the pipeline was made for.

        Raises:
            PreflightError: It does not say.
        """
        unet = self.pipeline.components.get('unet')
        side = unet is not None and unet.config.get('sample_size')
        if not isinstance(side, int) or isinstance(side, bool):
            raise PreflightError(
                f'{self.name} has no size of its own: give height and width'
            )
        return side * self.pipeline.vae_scale_factor

    @torch.no_grad()
    def generate(
        self, batch: dict, generator: list[torch.Generator], **call
    ) -> Tensor:
        """Make an image of each prompt and condition.

        Args:
            batch (dict): ``prompt``, B texts, and ``condition``, B uint8
                (3, H, W) of one size.
            generator (list[torch.Generator]): B, on the CPU.
            **call: Settings of sampling, in place of those there are.

        Returns:
            Tensor: (B, 3, H, W) uint8 RGB.
        """
        prompts, conditions = list(batch['prompt']), batch['condition']
        sizes = {tuple(one.shape[-2:]) for one in conditions}
        if len(sizes) != 1:
            raise ValueError(f'conditions of one batch have sizes {sizes}')
        [(height, width)] = sizes
        self.check_size(height, width)
        arguments = {
            key: [value] * len(prompts) if isinstance(value, str) else value
            for key, value in self.merged(call).items()
        }
        if self.condition_argument is not None:
            arguments[self.condition_argument] = [
                Image.fromarray(one.permute(1, 2, 0).numpy())
                for one in conditions
            ]
        pictures = self.pipeline(
            prompt=prompts,
            height=height,
            width=width,
            generator=generator,
            output_type='pil',
            **arguments,
        ).images
        arrays = np.stack([np.asarray(one.convert('RGB')) for one in pictures])
        return torch.from_numpy(arrays).permute(0, 3, 1, 2)

    def describe(self) -> dict:
        """Return what a report says of it, ready for JSON."""
        parts = self.pipeline.components
        modules = [
            parts[key]
            for key in sorted(parts)
            if isinstance(parts[key], nn.Module)
        ]
        description = dict(
            name='DiffusersGenerator',
            pretrained=self.pretrained,
            pipeline=self.name,
            pose=f'given as {self.condition_argument}'
            if self.condition_argument
            else 'not given: a model without pose',
            call=self.call,
            dtype=str(self.pipeline.dtype).removeprefix('torch.'),
            parameters_sha256=parameters_sha256(*modules),
        )
        scheduler = parts.get('scheduler')
        if scheduler is not None:
            settings = {
                key: value
                for key, value in sorted(scheduler.config.items())
                if not key.startswith('_')
            }
            description['scheduler'] = dict(
                name=type(scheduler).__name__, **settings
            )
        return description


def condition_argument(pipeline, takes) -> str | None:
    """Return the argument that a pipeline takes the drawn poses under.

    Args:
        pipeline: Of diffusers.
        takes (Collection[str]): Arguments of its call.

    Returns:
        str | None: None for a plain text-to-image pipeline.

    Raises:
        PreflightError: It makes no images of texts, or needs an image that
            is no condition.
    """
    name = type(pipeline).__name__
    needed = {'prompt', 'generator', 'height', 'width'}
    starts_from_image = {'strength', 'mask_image', 'control_mask'} & set(takes)
    if not needed <= set(takes) or starts_from_image:
        raise PreflightError(
            f'{name} cannot be used: a pipeline has to make images of a '
            'prompt alone, or of a prompt and a control image'
        )
    if 'control_image' in takes:
        return 'control_image'
    if 'image' not in takes:
        return None
    parts = pipeline.components
    told = [key for key in ('controlnet', 'adapter') if key in parts]
    if told and all(parts[key] is None for key in told):
        return None
    if not told:
        raise PreflightError(
            f'{name} cannot be used: it edits an image, and the poses are '
            'no image to edit'
        )
    return 'image'


def _load(pretrained: str, torch_dtype: str | None):
    advice = (
        'give a folder with model_index.json, as '
        'tools/model_converters/export_pipeline.py and save_pretrained write '
        'it, or a name on the hub and a network'
    )
    command = made_by(pretrained)
    if command is not None:
        advice = f'make it by {command}, or {advice}'
    # A name on the hub is "owner/name".
    on_hub = re.fullmatch(r'[\w-][\w.-]*(/[\w-][\w.-]*)?', pretrained)
    if not os.path.isdir(pretrained) and (command or not on_hub):
        raise PreflightError(f'{pretrained} does not exist: {advice}')
    # Here, because it imports diffusers.
    from mmkbdm.pipelines.precision import in_float32

    given = {}
    if torch_dtype is not None:
        given = dict(torch_dtype=getattr(torch, torch_dtype))
    try:
        pipeline = _pipeline_class(pretrained).from_pretrained(
            pretrained, **given
        )
        return pipeline if given else in_float32(pipeline)
    except PreflightError:
        raise
    except Exception as error:
        # diffusers fails with whatever it meets.
        reason = str(error).strip().partition('\n')[0]
        raise PreflightError(
            f'{pretrained} is no pipeline of diffusers ({reason}): {advice}'
        ) from error


def _pipeline_class(pretrained: str) -> type:
    """Return ours for its folders, which diffusers would not find."""
    from diffusers import DiffusionPipeline

    from mmkbdm.pipelines import KBDMGenPipeline

    index = Path(pretrained, 'model_index.json')
    if not index.is_file():
        return DiffusionPipeline
    name = json.loads(index.read_text()).get('_class_name')
    ours = name == KBDMGenPipeline.__name__
    return KBDMGenPipeline if ours else DiffusionPipeline
