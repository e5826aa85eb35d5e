"""Trained generators as folders and files to keep (ours)."""

import os
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.output import write_file

from .kbdmgen_pipeline import KBDMGenPipeline


def export_pipeline(
    generator: nn.Module, out: str | Path, half: bool = False
) -> None:
    """Write a generator as a pipeline; the folder is whole or not there.

    Args:
        generator (PoseGuidedGenerator): Is put in evaluation mode, and in
            half precision if that is asked for.
        out (str | Path): The folder; a pipeline that is there is replaced.
        half (bool): Write float16. Defaults to False, float32.

    Raises:
        PreflightError: The folder is there and is no pipeline, or cannot be
            written.
    """
    out = Path(out)
    _check_free(out)
    pipeline = KBDMGenPipeline.from_generator(generator)
    if half:
        pipeline.to(torch.float16, silence_dtype_warnings=True)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent) as folder:
            new, old = Path(folder, 'new'), Path(folder, 'old')
            pipeline.save_pretrained(new)
            if out.exists():
                os.replace(out, old)
            os.replace(new, out)
    except OSError as error:
        raise PreflightError(
            f'{out} cannot be written ({error.strerror or error}): make room '
            'or give another --out'
        ) from error


def export_weights(
    generator: nn.Module, out: str | Path, half: bool = False
) -> None:
    """Write what a checkpoint of a generator holds, as safetensors.

    The frozen parts are not in it: a config says where they are.

    Args:
        generator (PoseGuidedGenerator): Stays as it is.
        out (str | Path): The file; ends in ``.safetensors``.
        half (bool): Write float16. Defaults to False, as they are.

    Raises:
        PreflightError: The file cannot be written.
    """
    weights = {}
    for name, value in generator.state_dict().items():
        if half and value.is_floating_point():
            value = value.half()
        weights[name] = value.cpu().clone(
            memory_format=torch.contiguous_format
        )
    write_file(save(weights, dict(format='pt')), out)


def _check_free(out: Path) -> None:
    known = (out / KBDMGenPipeline.config_name).is_file()
    if out.exists() and not known and (out.is_file() or any(out.iterdir())):
        raise PreflightError(
            f'{out} is there and is no pipeline: give another --out'
        )
