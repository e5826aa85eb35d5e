"""The pipeline of a folder or of a trained config (ours)."""

import torch

from mmkbdm.apis.errors import PreflightError

from .build import build_generator
from .diffusers_generator import DiffusersGenerator


def load_pipeline(
    model: str, checkpoint: str | None = None, averaged: bool = True
) -> DiffusersGenerator:
    """Load what makes images.

    Args:
        model (str): Folder or name of a pipeline of diffusers,
            :class:`~mmkbdm.pipelines.KBDMGenPipeline` among them; or a
            config ``.py`` whose model is a
            :class:`~mmkbdm.models.generators.PoseGuidedGenerator`.
        checkpoint (str, optional): Weights of the config's model, of
            ``torch.save`` or safetensors.
        averaged (bool): See
            :func:`~mmkbdm.generation.build.build_generator`.

    Raises:
        PreflightError: It is not there, or makes no images of prompts.
        CheckpointMismatchError: The checkpoint is of another model.
    """
    from mmkbdm.models.generators import PoseGuidedGenerator
    from mmkbdm.pipelines import KBDMGenPipeline

    built = build_generator(model, checkpoint, averaged=averaged)
    if isinstance(built, DiffusersGenerator):
        return built
    if not isinstance(built, PoseGuidedGenerator):
        raise PreflightError(
            f'{model} describes a {type(built).__name__}, which is no '
            'pipeline: give a config of configs/kb_dmgen'
        )
    if checkpoint is None and built.adapter is not None:
        raise PreflightError(
            f'{model} is a config, whose adapter would be random: give the '
            '--checkpoint that was trained with it'
        )
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return DiffusersGenerator(
        KBDMGenPipeline.from_generator(built), device=device
    )
