# SimpleBaselines ResNet-152 + RMPG, 256x256, MPII. 72.2 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
    'td-hm_res152_8xb32-210e_mpii-256x256.py',
    './_base_/rmpg_simplebaseline.py',
]

model = dict(neck=_base_.rmpg)
default_hooks = _base_.rmpg_hooks
