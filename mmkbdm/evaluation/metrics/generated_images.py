"""FID, KID and CLIP score of generated images as metrics of MMEngine."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor, nn

from mmkbdm.registry import METRICS, MODELS

from .clip_features import CLIPFeatures
from .feature_distances import clip_scores, frechet_distance, kernel_distance


@METRICS.register_module()
class FeatureDistances(BaseMetric):
    """FID and KID between generated and real images, pooled over the set.

    A data sample has ``image`` and ``reference``, both (3, H, W) uint8 RGB.

    Args:
        features (nn.Module or dict): Takes (B, 3, H, W) uint8 RGB and
            answers (B, d); or the config of a registered one. The distances
            are named after it, because they say nothing without it.
        subset_size (int): Of KID. Defaults to 1000.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str, optional): Prefix of the names. Defaults to None, which
            is ``image``.
    """

    default_prefix = 'image'

    def __init__(
        self,
        features: nn.Module | dict,
        subset_size: int = 1000,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if isinstance(features, dict):
            features = MODELS.build(features)
        self.features = features.eval()
        self.subset_size = subset_size

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep the features of a batch."""
        columns = [
            embed_images(self.features, [one[key] for one in data_samples])
            for key in ('image', 'reference')
        ]
        self.results.extend(zip(*columns))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the distances, and say how many features they compare."""
        fake, real = (np.stack(one) for one in zip(*results))
        mean, deviation = kernel_distance(real, fake, self.subset_size)
        name = type(self.features).__name__
        return {
            f'FID_{name}': frechet_distance(real, fake),
            f'KID_{name}': mean,
            f'KID_std_{name}': deviation,
            'images': len(results),
        }


@METRICS.register_module()
class CLIPScore(BaseMetric):
    """Mean CLIP score of images and their full prompts.

    A data sample has ``image``, (3, H, W) uint8 RGB, and ``prompt``, and may
    have ``scenario`` (with underscores).

    Args:
        name_or_path (str): See :class:`CLIPFeatures`.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str, optional): Prefix of the names. Defaults to None, which
            is ``image``.
    """

    default_prefix = 'image'

    def __init__(
        self,
        name_or_path: str = 'openai/clip-vit-base-patch16',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.features = CLIPFeatures(name_or_path)

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep the scores of a batch.

        A ``prompt`` that begins with its ``scenario``, like Human-Art's, is
        scored as well without it.
        """
        prompts = [one['prompt'] for one in data_samples]
        plain = [
            without_scenario(one['prompt'], one.get('scenario', ''))
            for one in data_samples
        ]
        images = embed_images(
            self.features, [one['image'] for one in data_samples]
        )
        scores = [
            clip_scores(images, self.features.encode_text(texts).cpu().numpy())
            for texts in (prompts, plain)
        ]
        self.results.extend(zip(*scores))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average over the images."""
        full, plain = np.mean(results, axis=0)
        return dict(
            CLIP_score=float(full), CLIP_score_without_scenario=float(plain)
        )


def without_scenario(prompt: str, scenario: str) -> str:
    """Cut the scenario off a prompt that begins with it and a comma."""
    head, _, tail = prompt.partition(',')
    begins = scenario and head.strip().replace(' ', '_') == scenario
    return tail.strip() if begins and tail.strip() else prompt


def embed_images(network: nn.Module, images: Sequence[Tensor]) -> np.ndarray:
    """Embed pictures (3, H, W), one by one if they differ in size."""
    images = [torch.as_tensor(one) for one in images]
    for one in images:
        if one.dtype != torch.uint8 or one.ndim != 3 or len(one) != 3:
            raise ValueError(
                f'an image is {tuple(one.shape)} of {one.dtype}, not '
                '(3, height, width) of torch.uint8'
            )
    same = len({one.shape for one in images}) == 1
    batches = [torch.stack(images)] if same else [one[None] for one in images]
    with torch.no_grad():
        return torch.cat([network(one) for one in batches]).cpu().numpy()
