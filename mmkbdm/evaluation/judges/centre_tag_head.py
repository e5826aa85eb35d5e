"""A bottom-up head that learns in minutes, for the toy judge."""

import torch
from mmpose.models.heads import AssociativeEmbeddingHead
from torch import Tensor
from torch.nn import functional as F

from mmkbdm.registry import MODELS


@MODELS.register_module()
class CentreTagHead(AssociativeEmbeddingHead):
    """Joints of an image, grouped by where they see their person's centre.

    Decoded as "Associative Embedding: End-to-End Learning for Joint Detection
    and Grouping" (arXiv 1611.05424): joints whose tags are close belong to
    one person. There the tags are free, and start where nothing pushes them
    apart. Here (ours) a tag is the centre of the person, x and y in units of
    ``tag_unit`` pixels, predicted as an offset from the pixel and supervised.
    It needs no flip test, and MMPose 1.3 has no training for its own head.

    Args:
        in_channels (int): Channels of the last feature map.
        num_keypoints (int): Joints K.
        decoder (dict): Config of ``AssociativeEmbedding``.
        tag_unit (float): Pixels of the network's input that make up a
            distance of 1 between tags, the decoder's default threshold.
            Defaults to 16.
        tag_weight (float): Weight of the tags' loss. Defaults to 0.2.
        keypoint_loss (dict): Config of the heatmaps' loss. Defaults to
            ``KeypointMSELoss`` with weight 100.
        **kwargs: Of MMPose's ``AssociativeEmbeddingHead``.
    """

    def __init__(
        self,
        in_channels: int,
        num_keypoints: int,
        decoder: dict,
        tag_unit: float = 16.0,
        tag_weight: float = 0.2,
        keypoint_loss: dict | None = None,
        **kwargs,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            num_keypoints=num_keypoints,
            tag_dim=2,
            keypoint_loss=keypoint_loss
            or dict(type='KeypointMSELoss', loss_weight=100.0),
            decoder=decoder,
            **kwargs,
        )
        self.tag_unit = tag_unit
        self.tag_weight = tag_weight

    def forward(self, feats: tuple[Tensor]) -> tuple[Tensor, Tensor]:
        """Predict the maps.

        Args:
            feats (tuple[Tensor]): Feature maps (B, C, H, W).

        Returns:
            tuple[Tensor]: Heatmaps (B, K, h, w) and tags (B, 2 K, h, w), all
            x before all y.
        """
        heatmaps, offsets = super().forward(feats)
        step_x, step_y = self.decoder.scale_factor / self.tag_unit
        height, width = heatmaps.shape[-2:]
        x = torch.arange(width, device=offsets.device) * float(step_x)
        y = torch.arange(height, device=offsets.device) * float(step_y)
        y, x = torch.meshgrid(y, x, indexing='ij')
        here = torch.stack([x, y]).repeat_interleave(self.num_keypoints, 0)
        return heatmaps, offsets + here

    def predict(
        self, feats: tuple[Tensor], batch_data_samples: list, test_cfg=None
    ) -> list:
        """Return the people (InstanceData) of each image."""
        return self.decode(self.forward(feats))

    def loss(
        self, feats: tuple[Tensor], batch_data_samples: list, train_cfg=None
    ) -> dict[str, Tensor]:
        """Compute the losses of heatmaps and tags.

        Args:
            feats (tuple[Tensor]): Feature maps (B, C, H, W).
            batch_data_samples (list[PoseDataSample]): With heatmaps, and
                keypoints in pixels of the network's input.
            train_cfg (dict, optional): Not used.

        Returns:
            dict[str, Tensor]: ``loss_kpt`` and ``loss_tag``.
        """
        heatmaps, tags = self.forward(feats)
        wanted = torch.stack(
            [d.gt_fields.heatmaps for d in batch_data_samples]
        )
        found, centres = [], []
        for tag, sample in zip(tags, batch_data_samples):
            joint, row, column, centre = self._targets(sample.gt_instances)
            tag = tag.unflatten(0, (2, self.num_keypoints))
            found.append(tag[:, joint, row, column])
            centres.append(centre.to(tag))
        error = F.smooth_l1_loss(
            torch.cat(found, 1), torch.cat(centres, 1), reduction='sum'
        )
        count = max(sum(one.shape[1] for one in centres), 1)
        return dict(
            loss_kpt=self.loss_module.keypoint_loss(heatmaps, wanted),
            loss_tag=error * (self.tag_weight / count),
        )

    def _targets(self, people) -> tuple[Tensor, ...]:
        """Joint, row and column (M, ) of all M joints, and tags (2, M)."""
        places = torch.as_tensor(people.keypoints, dtype=torch.float)
        scale = torch.as_tensor(self.decoder.scale_factor)
        width, height = self.decoder.heatmap_size
        column, row = (places / scale).round().long().unbind(-1)
        seen = torch.as_tensor(people.keypoints_visible) > 0.5
        seen &= (column >= 0) & (column < width)
        seen &= (row >= 0) & (row < height)
        weight = seen[..., None].float()
        centre = (places * weight).sum(1) / weight.sum(1).clamp(min=1)
        person, joint = seen.nonzero(as_tuple=True)
        tag = centre[person].T / self.tag_unit
        return joint, row[seen], column[seen], tag
