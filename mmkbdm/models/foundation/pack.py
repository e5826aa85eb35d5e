"""Trained checkpoints of the small models as folders of weights (ours).

Everything is kept in half precision, as safetensors: the base as a pipeline
of diffusers, CLIP as transformers keep it, the judge as one file.
"""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from mmkbdm.compat import read_checkpoint
from mmkbdm.registry import MODELS

BASE, CLIP, JUDGE = 'toy_base', 'toy_clip', 'toy_judge.safetensors'


def read_trained(checkpoint: str | Path) -> BaseModel:
    """Build the model that a checkpoint of MMEngine's Runner is of.

    The config is the one in the checkpoint; averaged weights, where there
    are some, are what MMEngine saves as the model's.

    Raises:
        CheckpointError: It is no checkpoint.
    """
    content = read_checkpoint(checkpoint)
    cfg = Config.fromstring(content['meta']['cfg'], '.py')
    model = MODELS.build(cfg.model)
    model.load_state_dict(content['state_dict'])
    return model.eval()


def pack_vae(checkpoint: str | Path, out: Path) -> list[Path]:
    """Write ``vae``, whose config says how latents are scaled.

    Args:
        checkpoint (str | Path): Of :class:`ImageAutoencoder`.
        out (Path): Folder of all weights.

    Returns:
        list[Path]: What was written.
    """
    model = read_trained(checkpoint)
    model.vae.register_to_config(scaling_factor=model.scaling_factor)
    model.vae.half().save_pretrained(out / BASE / 'vae')
    return [out / BASE / 'vae']


def pack_clip(checkpoint: str | Path, out: Path) -> list[Path]:
    """Write both towers, and the text side once more for the base.

    See :func:`pack_vae`; the checkpoint is of :class:`TextImageContrast`.
    """
    from transformers import CLIPTextModelWithProjection

    model = read_trained(checkpoint)
    clip = model.clip
    text = CLIPTextModelWithProjection(clip.config.text_config)
    own = text.state_dict()
    text.load_state_dict(
        {k: v for k, v in clip.state_dict().items() if k in own}
    )
    clip.half().save_pretrained(out / CLIP)
    text.half().save_pretrained(out / BASE / 'text_encoder')
    for folder in (out / CLIP, out / BASE / 'tokenizer'):
        model.tokenizer.save_pretrained(folder)
    return [out / CLIP, out / BASE / 'text_encoder']


def pack_base(checkpoint: str | Path, out: Path) -> list[Path]:
    """Write the UNet and complete the pipeline.

    See :func:`pack_vae`; the checkpoint is of :class:`TextToImage`, and VAE
    and text encoder are there already.
    """
    from diffusers import AutoencoderKL, StableDiffusionPipeline
    from transformers import CLIPTextModel, CLIPTokenizer

    model = read_trained(checkpoint)
    folder = out / BASE
    # Its pipeline takes the encoder without the projection, and leaves that
    # of the folder aside.
    encoder = CLIPTextModel.from_pretrained(folder / 'text_encoder')
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(folder / 'vae'),
        text_encoder=encoder,
        tokenizer=CLIPTokenizer.from_pretrained(folder / 'tokenizer'),
        unet=model.unet.half(),
        scheduler=model.sampler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.unet.save_pretrained(folder / 'unet')
    pipeline.scheduler.save_pretrained(folder / 'scheduler')
    pipeline.save_config(folder)
    return [folder / 'unet']


def pack_judge(checkpoint: str | Path, out: Path) -> list[Path]:
    """Write the weights of a judge; see :func:`pack_vae`."""
    from safetensors.torch import save_file

    weights = read_checkpoint(checkpoint)['state_dict']
    path = out / JUDGE
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: _half(value) for name, value in weights.items()}, path)
    return [path]


PACK = dict(vae=pack_vae, clip=pack_clip, base=pack_base, judge=pack_judge)


def _half(value: Tensor) -> Tensor:
    value = value.half() if value.is_floating_point() else value
    return value.to(memory_format=torch.contiguous_format)
