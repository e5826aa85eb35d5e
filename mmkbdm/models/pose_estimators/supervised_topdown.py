"""Top-down pose estimation with supervised nodes in the neck."""

from collections.abc import Sequence
from itertools import cycle

from mmpose.models import TopdownPoseEstimator
from torch import Tensor, nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.layers import NodePredictor
from mmkbdm.registry import MODELS

from .heatmap_targets import heatmap_targets
from .supervised_level import supervised_levels


@MODELS.register_module()
class SupervisedTopdownPoseEstimator(TopdownPoseEstimator):
    """TopdownPoseEstimator that adds the losses of supervised nodes.

    RMPG (arXiv 2501.11069) supervises some modules on their sub-node feature
    maps, so that they learn the relations among body parts. Here chosen
    levels of the neck predict, node by node, the heatmaps of a body part;
    the loss of a level is the mean over its nodes of the mean squared error
    of their heatmaps, the joints weighted by their visibility.

    Prediction is the inherited one: the predictors stand beside backbone,
    neck and head under ``auxiliary.LEVEL.MAP`` and are used by :meth:`loss`
    only. A stacked host, whose maps have a parse graph and a head each, has
    predictors for each map too; a shared parse graph has shared ones.
    :class:`~mmkbdm.engine.hooks.SafeCheckpointHook` leaves them out of
    checkpoints that are not for resuming.

    Args:
        auxiliary (Sequence[dict]): One dict a supervised level:

            - ``parts`` (list[list[str]]): joint names of each node;
            - ``stage`` (int): parse graph of a hierarchical neck, 0 for a
              single one (default 0);
            - ``level`` (int): level of its tree, 0 is the root (default 0);
            - ``weight`` (float): lambda of its loss (default 1.0);
            - ``overlap`` (bool): a joint may stand in several parts (default
              False).
        metainfo (dict): As in MMPose, for example
            ``dict(from_file='configs/_base_/datasets/coco.py')``: the names
            of the joints are looked up there.
        **kwargs: Arguments of :class:`mmpose.models.TopdownPoseEstimator`.

    Raises:
        ValueError: When a level does not exist, is supervised twice or has
            another number of nodes than there are parts, or a joint is
            unknown, missing or double.
    """

    def __init__(
        self, auxiliary: Sequence[dict], metainfo: dict | None = None, **kwargs
    ) -> None:
        super().__init__(metainfo=metainfo, **kwargs)
        neck = self.neck if self.with_neck else None
        self.levels = supervised_levels(auxiliary, neck, self.metainfo)
        copies = 1 if neck.num_maps == 'shared' else neck.num_maps
        self.auxiliary = nn.ModuleList(
            nn.ModuleList(
                NodePredictor(level.channels, level.joints)
                for _ in range(copies)
            )
            for level in self.levels
        )

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Losses of the head and of the supervised nodes.

        Args:
            inputs (Tensor): Images (B, 3, H, W).
            data_samples (list[PoseDataSample]): The batch.

        Returns:
            dict: The losses of the head, and ``loss_node_S_L`` of each
            supervised level L of stage S, the mean over the feature maps.

        Raises:
            PreflightError: When the data have no heatmaps, or those of other
                joints than ``metainfo``.
        """
        feats, maps = self.neck.forward_stages(self.backbone(inputs))
        losses = self.head.loss(feats, data_samples, train_cfg=self.train_cfg)
        heatmaps, weights = heatmap_targets(data_samples)
        num_joints = len(self.metainfo['keypoint_name2id'])
        if heatmaps.shape[1] != num_joints:
            raise PreflightError(
                f'the data have {heatmaps.shape[1]} heatmaps, model.metainfo '
                f'has {num_joints} joints: set model.metainfo to the file of '
                'the dataset, and a codec of one heatmap a joint'
            )
        for place, predictors in zip(self.levels, self.auxiliary):
            parts = [
                predictor.loss(
                    stages[place.stage][place.level], heatmaps, weights
                )
                for stages, predictor in zip(maps, cycle(predictors))
            ]
            losses[f'loss_node_{place.stage}_{place.level}'] = (
                place.weight * sum(parts) / len(parts)
            )
        return losses
