# ViTPose-S + RMPG, 256x192, CrowdPose. 30.0 M parameters.
_base_ = [
    './_base_/vitpose_s_crowdpose.py',
    './_base_/rmpg.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=384))
default_hooks = _base_.rmpg_hooks
