# HRNet-W32 + three RMPGs, 256x192, CrowdPose. 28.6 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/crowdpose/'
    'td-hm_hrnet-w32_8xb64-210e_crowdpose-256x192.py',
    './_base_/rmpg_hrnet.py',
    './_base_/hierarchy_crowdpose.py',
]

neck = dict(_base_.rmpg, type='mmkbdm.HierarchicalRMPG', in_channels=32)
model = dict(_base_.hierarchy, neck=neck)
default_hooks = _base_.rmpg_hooks
