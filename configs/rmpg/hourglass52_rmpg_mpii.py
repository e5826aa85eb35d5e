# Hourglass-52 + RMPG, 256x256, MPII. 97.4 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
    'td-hm_hourglass52_8xb64-210e_mpii-256x256.py',
    './_base_/rmpg_hourglass.py',
]

model = dict(neck=_base_.rmpg)
default_hooks = _base_.rmpg_hooks
