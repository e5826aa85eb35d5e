"""What a generator is, and a batch made by one (ours).

A generator is any object with ``generate(batch, generator) -> images``:

- ``batch`` is what MMEngine's ``pseudo_collate`` makes of B samples of
  :class:`~mmkbdm.datasets.transforms.PackGeneration`: a dict of lists, the
  tensors on the CPU (``condition``, uint8 (3, H, W), ``prompt``, ``poses``
  and so on);
- ``generator`` is a list of B :class:`torch.Generator` on the CPU; an image
  may depend on no other source of chance;
- ``images`` are uint8 (B, 3, H, W) in RGB, or a list of B such (3, H, W),
  on any device.

``describe()``, if it has one, returns a dict for the report, ready for JSON.
"""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from torch import nn

from .fingerprint import parameters_sha256
from .seeds import image_generators


def generate_images(
    generator, samples: Sequence[dict], seed: int
) -> list[np.ndarray]:
    """Make an image of each sample.

    Args:
        generator: See above.
        samples (Sequence[dict]): One batch, not collated.
        seed (int): Of the run.

    Returns:
        list[np.ndarray]: (H, W, 3) uint8 RGB.

    Raises:
        ValueError: The generator returns something else than images.
    """
    batch = pseudo_collate(list(samples))
    generators = image_generators(batch['img_id'], seed)
    with torch.no_grad():
        images = list(generator.generate(batch, generators))
    if len(images) != len(samples):
        raise ValueError(
            f'{type(generator).__name__} made {len(images)} images of '
            f'{len(samples)} conditions'
        )
    for image in images:
        shape, dtype = tuple(image.shape), image.dtype
        if dtype != torch.uint8 or len(shape) != 3 or shape[0] != 3:
            raise ValueError(
                f'{type(generator).__name__} made an image {shape} of '
                f'{dtype}, not (3, height, width) of torch.uint8'
            )
    return [image.permute(1, 2, 0).cpu().numpy() for image in images]


def describe_generator(generator) -> dict:
    """Return what a report says of a generator, ready for JSON."""
    if hasattr(generator, 'describe'):
        return generator.describe()
    description = dict(name=type(generator).__name__)
    if isinstance(generator, nn.Module):
        description['parameters_sha256'] = parameters_sha256(generator)
    return description
