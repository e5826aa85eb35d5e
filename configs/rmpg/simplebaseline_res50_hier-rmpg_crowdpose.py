# SimpleBaselines R-50 + three RMPGs, 256x192, CrowdPose. 41.2 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/crowdpose/'
    'td-hm_res50_8xb64-210e_crowdpose-256x192.py',
    './_base_/rmpg_simplebaseline.py',
    './_base_/hierarchy_crowdpose.py',
]

neck = dict(_base_.rmpg, type='mmkbdm.HierarchicalRMPG')
model = dict(_base_.hierarchy, neck=neck)
default_hooks = _base_.rmpg_hooks
