# Hourglass-52 + three RMPGs, 256x256, COCO. 101.0 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hourglass52_8xb32-210e_coco-256x256.py',
    './_base_/rmpg_hourglass.py',
    './_base_/hierarchy_coco.py',
]

neck = dict(_base_.rmpg, type='mmkbdm.HierarchicalRMPG')
model = dict(_base_.hierarchy, neck=neck)
default_hooks = _base_.rmpg_hooks
