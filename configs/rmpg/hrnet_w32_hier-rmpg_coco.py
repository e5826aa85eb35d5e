# HRNet-W32 + three RMPGs, 256x192, COCO. 28.6 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
    './_base_/rmpg_hrnet.py',
    './_base_/hierarchy_coco.py',
]

neck = dict(_base_.rmpg, type='mmkbdm.HierarchicalRMPG', in_channels=32)
model = dict(_base_.hierarchy, neck=neck)
default_hooks = _base_.rmpg_hooks
