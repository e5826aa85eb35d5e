# ViTPose-B + RMPG, 256x192, MPII. 112.7 M parameters.
_base_ = [
    './_base_/vitpose_b_mpii.py',
    './_base_/rmpg.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=768))
default_hooks = _base_.rmpg_hooks
