"""From the lists of a batch to what a diffusion takes (ours)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmkbdm.apis.errors import PreflightError


def stack(
    images: Sequence[Tensor] | Tensor, name: str, multiple: int
) -> Tensor:
    """Stack images, if they are not.

    Args:
        images (Sequence[Tensor] | Tensor): B times (3, H, W).
        name (str): What they are, for messages.
        multiple (int): Their sides have to be multiples of it, in pixels.

    Returns:
        Tensor: (B, 3, H, W).

    Raises:
        PreflightError: They are of several sizes, or of an impossible one,
            or no bytes.
    """
    for image in images:
        if image.dtype != torch.uint8 or image.ndim != 3 or len(image) != 3:
            raise PreflightError(
                f'{name} is {image.dtype} {tuple(image.shape)}: give '
                'torch.uint8 (3, height, width), RGB'
            )
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
    return as_tensor(images)


def check_count(prompts: Sequence[str], **others: Sequence) -> None:
    """Check that each prompt is a text and has one of all others.

    Raises:
        PreflightError: Names what is not.
    """
    for i, prompt in enumerate(prompts):
        if not isinstance(prompt, str):
            raise PreflightError(
                f'prompt {i} is {prompt!r}: give a text, which may be empty'
            )
    for name, other in others.items():
        if len(other) != len(prompts):
            raise PreflightError(
                f'there are {len(prompts)} prompts and {len(other)} of '
                f'{name}: give one each'
            )


def as_tensor(rows: Sequence[Tensor] | Tensor) -> Tensor:
    """Stack what a loader leaves as a list, (B, ...)."""
    return rows if isinstance(rows, Tensor) else torch.stack(list(rows))


def draw_kept(size: int, share: float) -> Tensor:
    """Draw which prompts are not dropped, bool (B).

    The chance is PyTorch's on the CPU, which a resumed run continues.
    """
    return torch.rand(size) >= share


def one_each(made_by: Mapping) -> dict[str, str]:
    """Return the checksum of each encoder, which a batch repeats.

    Raises:
        PreflightError: A batch is of several encoders.
    """
    found = {}
    for part, checksums in made_by.items():
        several = {checksums} if isinstance(checksums, str) else {*checksums}
        if len(several) != 1:
            raise PreflightError(
                f'one batch has samples of {len(several)} {part}s: let one '
                'encode all'
            )
        [found[part]] = several
    return found


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
