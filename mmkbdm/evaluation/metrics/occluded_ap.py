"""AP of the joints that cannot be seen (ours)."""

from mmpose.evaluation import CocoMetric

from mmkbdm.registry import METRICS


@METRICS.register_module()
class OccludedAP(CocoMetric):
    """COCO's keypoint AP with only the occluded joints as truth.

    The truth is that of ``ann_file`` without the joints of visibility 2, so
    that OKS is taken over those of visibility 1. People without any are
    ignored, as COCO ignores people without labelled joints.

    Args:
        ann_file (str): COCO keypoint annotations.
        **kwargs: Arguments of :class:`mmpose.evaluation.CocoMetric`.
    """

    default_prefix = 'occluded'

    def __init__(self, ann_file: str, **kwargs) -> None:
        super().__init__(ann_file, **kwargs)
        for ann in self.coco.anns.values():
            keypoints = ann.get('keypoints', [])
            for i in range(2, len(keypoints), 3):
                if keypoints[i] != 1:
                    keypoints[i] = 0
            ann['num_keypoints'] = sum(v == 1 for v in keypoints[2::3])
