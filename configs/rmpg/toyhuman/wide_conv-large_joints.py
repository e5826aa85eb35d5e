# As short_conv-large_joints, on a host whose receptive field covers the
# person.
_base_ = './short_conv-large_joints.py'

model = dict(backbone=dict(dilations=(1, 4)))
