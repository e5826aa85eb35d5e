# SimpleBaselines ResNet-101 + RMPG, 256x256, MPII. 56.6 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
    'td-hm_res101_8xb64-210e_mpii-256x256.py',
    './_base_/rmpg_simplebaseline.py',
]

model = dict(neck=_base_.rmpg)
default_hooks = _base_.rmpg_hooks
