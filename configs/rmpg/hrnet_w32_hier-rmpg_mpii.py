# HRNet-W32 + three RMPGs, 256x256, MPII. 28.6 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
    'td-hm_hrnet-w32_8xb64-210e_mpii-256x256.py',
    './_base_/rmpg_hrnet.py',
    './_base_/hierarchy_mpii.py',
]

neck = dict(_base_.rmpg, type='mmkbdm.HierarchicalRMPG', in_channels=32)
model = dict(_base_.hierarchy, neck=neck)
default_hooks = _base_.rmpg_hooks
