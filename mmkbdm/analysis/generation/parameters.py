"""How many parameters every part of a method has (ours)."""

import torch
from torch import nn

from mmkbdm.analysis.cost import count_params

# KB-DMGen over Stable-Pose (arXiv 2507.20083).
PAPER_FILM = 67.3e6
PAPER_MORE = 106e6


def count_parts(model: nn.Module) -> dict[str, int]:
    """Count the parameters of every part.

    Args:
        model (PoseGuidedGenerator): May be on the meta device.

    Returns:
        dict[str, int]: By part; a part that is not there has none.
    """
    adapter, knowledge = model.adapter, model.knowledge_base
    source = getattr(knowledge, 'source', None)
    parts = {
        'UNet, frozen': model.base.unet,
        'VAE, frozen': model.base.vae,
        'text encoder, frozen': model.base.text_encoder,
        'ControlNet': getattr(adapter, 'net', None),
        'masked attention': getattr(adapter, 'masked_block', None),
        'dynamic mask': getattr(adapter, 'dynamic_mask', None),
        'FiLM': getattr(adapter, 'film_layers', None),
        'codebook': getattr(source, 'codebook', None),
        'text to code': getattr(source, 'text_to_code', None),
        'part pooling': getattr(knowledge, 'pooling', None),
    }
    counts = {k: part and count_params(part) or 0 for k, part in parts.items()}
    null = getattr(knowledge, 'null_answer', torch.empty(0))
    counts['part pooling'] += null.numel()
    return counts


def in_all(counts: dict[str, int], frozen: bool = False) -> int:
    """Add up what is not frozen Stable Diffusion, or all."""
    return sum(
        count
        for part, count in counts.items()
        if frozen or not part.endswith('frozen')
    )
