"""Target heatmaps out of whatever the head of a network is trained on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmkbdm.apis.errors import PreflightError

# Of the heatmaps made from SimCC labels, MMPose's usual at 256x192.
STRIDE = 4  # image pixels a heatmap pixel
SIGMA = 2.0  # heatmap pixels


def heatmap_targets(data_samples: Sequence) -> tuple[Tensor, Tensor]:
    """Target heatmaps and joint weights of a batch.

    Heatmap heads have them. The labels of SimCC heads tell the bin of each
    joint along either axis; the Gaussian of a heatmap codec is drawn there.
    Their own Gaussians would be too narrow, about half a heatmap pixel, for
    nodes that see one pixel in 32.

    Args:
        data_samples (Sequence[PoseDataSample]): The batch, as encoded for
            the head, one instance each.

    Returns:
        tuple[Tensor, Tensor]: Heatmaps (B, K, h, w) and weights (B, K),
        float32. Heatmaps of joints of weight 0 may hold anything.

    Raises:
        PreflightError: When there are neither heatmaps nor SimCC labels.
    """
    labels = [sample.gt_instance_labels for sample in data_samples]
    weights = torch.cat([label.keypoint_weights for label in labels])
    if all(_has_heatmaps(sample) for sample in data_samples):
        fields = [sample.gt_fields.heatmaps for sample in data_samples]
        return torch.stack(fields).float(), weights.float()
    if all('keypoint_x_labels' in label for label in labels):
        width, height = data_samples[0].metainfo['input_size']
        columns = _gaussians(
            torch.cat([label.keypoint_x_labels for label in labels]),
            width // STRIDE,
        )
        rows = _gaussians(
            torch.cat([label.keypoint_y_labels for label in labels]),
            height // STRIDE,
        )
        return rows[:, :, :, None] * columns[:, :, None], weights.float()
    raise PreflightError(
        'auxiliary heatmaps need a codec that encodes one heatmap a joint or '
        'SimCC labels: use one of those, or an estimator without auxiliary'
    )


def _has_heatmaps(sample) -> bool:
    """Whether there is one map a joint, not several of several sizes."""
    fields = sample.get('gt_fields', ())
    return 'heatmaps' in fields and isinstance(fields.heatmaps, Tensor)


def _gaussians(labels: Tensor, length: int) -> Tensor:
    """Gaussians (B, K, length) at the peaks of labels (B, K, bins)."""
    centre = labels.argmax(-1, keepdim=True) * (length / labels.shape[-1])
    place = torch.arange(length, device=labels.device)
    return torch.exp(-(place - centre).square() / (2 * SIGMA**2))
