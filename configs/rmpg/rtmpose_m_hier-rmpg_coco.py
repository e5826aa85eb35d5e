# RTMPose-m + three RMPGs, 256x192, COCO. 20.1 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/coco/'
    'rtmpose-m_8xb256-420e_coco-256x192.py',
    './_base_/rmpg_rtmpose.py',
    './_base_/hierarchy_coco.py',
]

neck = dict(_base_.rmpg, type='mmkbdm.HierarchicalRMPG', in_channels=768)
model = dict(_base_.hierarchy, neck=neck)
optim_wrapper = _base_.rmpg_optim
default_hooks = _base_.rmpg_hooks
