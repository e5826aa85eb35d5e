# Hourglass-52 + RMPG, 256x256, COCO. 97.4 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hourglass52_8xb32-210e_coco-256x256.py',
    './_base_/rmpg_hourglass.py',
]

model = dict(neck=_base_.rmpg)
default_hooks = _base_.rmpg_hooks
