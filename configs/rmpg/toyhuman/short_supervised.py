# RMPG whose nodes of two levels predict two and four body parts.
_base_ = ['./short_default.py', '../_base_/partition_coco.py']

model = dict(
    type='mmkbdm.SupervisedTopdownPoseEstimator',
    auxiliary=[
        dict(level=1, parts=_base_.partition.halves, weight=0.5),
        dict(level=2, parts=_base_.partition.quarters, weight=0.5),
    ],
)
