# Control: supervised nodes that predict all joints instead of parts.
_base_ = ['./short_default.py', '../_base_/partition_coco.py']

model = dict(
    type='mmkbdm.SupervisedTopdownPoseEstimator',
    auxiliary=[
        dict(
            level=1,
            parts=_base_.partition.whole * 2,
            overlap=True,
            weight=0.5,
        ),
        dict(
            level=2,
            parts=_base_.partition.whole * 4,
            overlap=True,
            weight=0.5,
        ),
    ],
)
