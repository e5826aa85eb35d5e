# Control: plain convolutions with as many parameters as RMPG.
_base_ = '../_base_/toyhuman_experiment.py'

model = dict(
    neck=dict(type='mmkbdm.ResidualConvNeck', in_channels=64, mid_channels=69)
)
