# RMPG as it is by default.
_base_ = '../_base_/toyhuman_experiment.py'

model = dict(neck=dict(type='mmkbdm.RMPG', in_channels=64))
