# ViTPose-L + RMPG, 256x192, MPII. 348.9 M parameters.
_base_ = [
    './_base_/vitpose_l_mpii.py',
    './_base_/rmpg.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=1024))
default_hooks = _base_.rmpg_hooks
