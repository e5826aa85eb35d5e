# Control: supervised nodes without the context relation.
_base_ = ['./short_no-context.py', '../_base_/partition_coco.py']

model = dict(
    type='mmkbdm.SupervisedTopdownPoseEstimator',
    auxiliary=[
        dict(level=1, parts=_base_.partition.halves, weight=0.5),
        dict(level=2, parts=_base_.partition.quarters, weight=0.5),
    ],
)
