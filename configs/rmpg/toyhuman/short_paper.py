# RMPG, paper-size.
_base_ = ['../_base_/toyhuman_experiment.py', '../_base_/rmpg.py']

model = dict(
    neck=dict(type='mmkbdm.RMPG', in_channels=64, **_base_.rmpg_paper)
)
