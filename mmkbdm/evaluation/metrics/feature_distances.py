"""FID, KID and CLIP score of features, on torchmetrics."""

import numpy as np
import torch
from torch import Tensor, nn

# The features are those of all processes already. torchmetrics would gather
# them once more, and wait for processes that compute nothing.
_OF_THIS_PROCESS = dict(sync_on_compute=False)


class _Given(nn.Module):
    """Hands features through, where torchmetrics expects a network."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, x: Tensor) -> Tensor:
        return x


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """FID: Frechet distance of two sets of features (arXiv 1706.08500).

    Args:
        real, fake (np.ndarray): (N, d) and (M, d), N and M at least 2.

    Returns:
        float: In squared units of the features, computed in float64. It
        shrinks with N and M: compare only sets of equal size.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(
        _Given(real.shape[1]), **_OF_THIS_PROCESS
    )
    metric.set_dtype(torch.float64)
    _update(metric, real, fake)
    # Rounding makes the distance of a set to itself negative.
    return max(float(metric.compute()), 0.0)


def kernel_distance(
    real: np.ndarray,
    fake: np.ndarray,
    subset_size: int = 1000,
    subsets: int = 100,
    seed: int = 0,
) -> tuple[float, float]:
    """KID: squared maximum mean discrepancy (arXiv 1801.01401).

    Args:
        real, fake (np.ndarray): (N, d) and (M, d).
        subset_size (int): Features a subset; no more than N and M are taken.
            Defaults to 1000.
        subsets (int): Random subsets. Defaults to 100.
        seed (int): Of the subsets. Defaults to 0.

    Returns:
        tuple[float, float]: Mean and standard deviation over the subsets, as
        they are; published tables have them times 100 or 1000. The deviation
        is NaN where every subset is the whole set.
    """
    from torchmetrics.image.kid import KernelInceptionDistance

    metric = KernelInceptionDistance(
        _Given(real.shape[1]),
        subsets=subsets,
        subset_size=min(subset_size, len(real), len(fake)),
        **_OF_THIS_PROCESS,
    )
    metric.set_dtype(torch.float64)
    _update(metric, real, fake)
    # torchmetrics draws the subsets with torch's global generator.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        mean, deviation = metric.compute()
    if subset_size >= max(len(real), len(fake)):
        return float(mean), float('nan')
    return float(mean), float(deviation)


def clip_scores(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """CLIP score (N, ) of each image with its prompt (arXiv 2104.08718).

    Args:
        images, texts (np.ndarray): Projected embeddings (N, d), of any
            length.

    Returns:
        np.ndarray: 100 times the cosine, or 0 where that is negative: what
        torchmetrics averages. The paper's factor is 2.5.
    """
    lengths = np.linalg.norm(images, axis=1) * np.linalg.norm(texts, axis=1)
    return np.maximum(100 * (images * texts).sum(1) / lengths, 0)


def _update(metric, real: np.ndarray, fake: np.ndarray) -> None:
    for features, is_real in ((real, True), (fake, False)):
        metric.update(torch.as_tensor(features).double(), real=is_real)
