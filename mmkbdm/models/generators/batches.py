"""From the lists of a batch to what a diffusion takes (ours)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmkbdm.apis.errors import PreflightError


def stack(images: Sequence[Tensor], name: str, multiple: int) -> Tensor:
    """Stack images.

    Args:
        images (Sequence[Tensor]): B times (3, H, W).
        name (str): What they are, for messages.
        multiple (int): Their sides have to be multiples of it, in pixels.

    Returns:
        Tensor: (B, 3, H, W).

    Raises:
        PreflightError: They are of several sizes, or of an impossible one.
    """
    sizes = sorted({tuple(image.shape[-2:]) for image in images})
    if len(sizes) != 1:
        raise PreflightError(
            f'{name} has sizes {sizes} in one batch: give one size'
        )
    [(height, width)] = sizes
    if height % multiple or width % multiple:
        raise PreflightError(
            f'{name} has {width}x{height} pixels: both sides must be '
            f'multiples of {multiple}'
        )
    return torch.stack(list(images))


def drop_prompts(prompts: Sequence[str], share: float) -> list[str]:
    """Empty a share of the prompts at random.

    The chance is PyTorch's on the CPU, which a resumed run continues.
    """
    kept = (torch.rand(len(prompts)) >= share).tolist()
    return [prompt if keep else '' for prompt, keep in zip(prompts, kept)]


def draw_noise(
    generator: Sequence[torch.Generator], shape: tuple[int, int, int]
) -> Tensor:
    """Draw each image's noise of its own generator, on the CPU.

    Args:
        generator (Sequence[torch.Generator]): B.
        shape (tuple[int, int, int]): (C, h, w).

    Returns:
        Tensor: (B, C, h, w), float32.
    """
    return torch.stack([torch.randn(shape, generator=g) for g in generator])
