# SimpleBaselines ResNet-152 + RMPG, 256x192, COCO. 72.2 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res152_8xb32-210e_coco-256x192.py',
    './_base_/rmpg_simplebaseline.py',
]

model = dict(neck=_base_.rmpg)
default_hooks = _base_.rmpg_hooks
