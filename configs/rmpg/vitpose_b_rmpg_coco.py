# ViTPose-B + RMPG, 256x192, COCO. 112.7 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_ViTPose-base_8xb64-210e_coco-256x192.py',
    './_base_/rmpg.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=768))
default_hooks = _base_.rmpg_hooks
