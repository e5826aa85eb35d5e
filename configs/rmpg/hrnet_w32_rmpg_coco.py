# HRNet-W32 + RMPG, 256x192, COCO. 28.6 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
    './_base_/rmpg_hrnet.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=32))
default_hooks = _base_.rmpg_hooks
