"""The dtype of loaded pipelines (ours)."""

import torch
from diffusers import DiffusionPipeline
from torch import nn


def in_float32(pipeline: DiffusionPipeline) -> DiffusionPipeline:
    """Convert what is not float32 yet, and return the same pipeline.

    Left to themselves, transformers keep the dtype of the file and diffusers
    do not. ``pipeline.to`` would warn of every part, whatever it is.
    """
    for part in pipeline.components.values():
        if isinstance(part, nn.Module) and part.dtype != torch.float32:
            part.to(torch.float32)
    return pipeline
