# The body in three steps: one parse graph after the other learns the whole,
# its halves and its quarters, then the head predicts the joints.
_base_ = './partition_crowdpose.py'

hierarchy = dict(
    type='mmkbdm.SupervisedTopdownPoseEstimator',
    metainfo=dict(from_file='configs/_base_/datasets/crowdpose.py'),
    auxiliary=[
        dict(parts=_base_.partition.whole, stage=0, level=0),
        dict(parts=_base_.partition.halves, stage=1, level=1),
        dict(parts=_base_.partition.quarters, stage=2, level=2),
    ],
)
