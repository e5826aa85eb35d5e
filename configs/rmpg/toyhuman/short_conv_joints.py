# Control: plain convolutions with auxiliary heatmaps of all joints.
_base_ = ['./short_conv.py', '../_base_/partition_coco.py']

model = dict(
    type='mmkbdm.SupervisedTopdownPoseEstimator',
    auxiliary=[
        dict(parts=_base_.partition.whole),
    ],
)
