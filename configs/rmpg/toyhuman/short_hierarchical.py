# Three RMPGs in sequence: the body, two parts, four parts.
_base_ = ['./short_default.py', '../_base_/partition_coco.py']

model = dict(
    type='mmkbdm.SupervisedTopdownPoseEstimator',
    neck=dict(type='mmkbdm.HierarchicalRMPG'),
    auxiliary=[
        dict(
            stage=0,
            level=0,
            parts=_base_.partition.whole,
            weight=1 / 3,
        ),
        dict(
            stage=1,
            level=1,
            parts=_base_.partition.halves,
            weight=1 / 3,
        ),
        dict(
            stage=2,
            level=2,
            parts=_base_.partition.quarters,
            weight=1 / 3,
        ),
    ],
)
