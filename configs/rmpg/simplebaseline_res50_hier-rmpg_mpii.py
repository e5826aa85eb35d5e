# SimpleBaselines R-50 + three RMPGs, 256x256, MPII. 41.2 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
    'td-hm_res50_8xb64-210e_mpii-256x256.py',
    './_base_/rmpg_simplebaseline.py',
    './_base_/hierarchy_mpii.py',
]

neck = dict(_base_.rmpg, type='mmkbdm.HierarchicalRMPG')
model = dict(_base_.hierarchy, neck=neck)
default_hooks = _base_.rmpg_hooks
