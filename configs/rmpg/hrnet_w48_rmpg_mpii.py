# HRNet-W48 + RMPG, 256x256, MPII. 63.7 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
    'td-hm_hrnet-w48_8xb64-210e_mpii-256x256.py',
    './_base_/rmpg_hrnet.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=48))
default_hooks = _base_.rmpg_hooks
