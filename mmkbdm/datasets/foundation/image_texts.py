"""Images with their prompts, decoded once (ours)."""

from collections.abc import Mapping

import numpy as np
import torch
from mmengine.dist import is_main_process
from tqdm import tqdm

from mmkbdm.models.generators.parts import build_part
from mmkbdm.registry import DATASETS

from .in_memory import InMemory


@DATASETS.register_module()
class ImageTexts(InMemory):
    """Images and prompts of another dataset, held as they are.

    A batch has ``image``, uint8 (B, 3, H, W) RGB, and ``prompt``, B strings;
    with a tokenizer also ``tokens``, int64 (B, T), padded to its limit.

    Args:
        dataset (dict): Config of a dataset of ``mmkbdm.datasets.generation``
            whose pipeline ends with images of one size, without chance.
        tokenizer (dict, optional): Of transformers, see
            :func:`~mmkbdm.models.generators.parts.build_part`. Defaults to
            None.

    Raises:
        ValueError: The images have several sizes.
    """

    def __init__(self, dataset: dict, tokenizer: dict | None = None) -> None:
        if isinstance(dataset, Mapping):
            dataset = DATASETS.build(dataset)
        images, self.prompts = [], []
        for i in tqdm(
            range(len(dataset)),
            desc='Reading images',
            disable=not is_main_process(),
        ):
            sample = dataset[i]
            # BGR on their way through the pipeline, as MMCV's.
            images.append(sample['img'][..., ::-1].transpose(2, 0, 1))
            self.prompts.append(sample['prompt'])
        shapes = {image.shape for image in images}
        if len(shapes) != 1:
            raise ValueError(
                f'images of {len(shapes)} sizes: let the pipeline end with '
                'mmkbdm.ResizeCenterCrop'
            )
        self.images = torch.from_numpy(np.stack(images))
        self.tokens = None
        if tokenizer is not None:
            self.tokens = build_part(tokenizer, 'tokenizer')(
                self.prompts,
                padding='max_length',
                truncation=True,
                return_tensors='pt',
            ).input_ids

    def __len__(self) -> int:
        return len(self.images)

    def gather(self, indices: torch.Tensor) -> dict:
        """Return ``image``, ``prompt`` and ``tokens``."""
        prompts = [self.prompts[i] for i in indices.tolist()]
        batch = dict(image=self.images[indices], prompt=prompts)
        if self.tokens is not None:
            batch['tokens'] = self.tokens[indices]
        return batch
