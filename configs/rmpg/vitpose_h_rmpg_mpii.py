# ViTPose-H + RMPG, 256x192, MPII. 700.3 M parameters.
_base_ = [
    './_base_/vitpose_h_mpii.py',
    './_base_/rmpg.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=1280))
default_hooks = _base_.rmpg_hooks
