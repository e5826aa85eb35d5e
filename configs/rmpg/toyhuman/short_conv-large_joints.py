# Control of short_hierarchical: plain convolutions with as many parameters.
_base_ = './short_conv_joints.py'

model = dict(neck=dict(mid_channels=168))
