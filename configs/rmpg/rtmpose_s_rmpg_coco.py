# RTMPose-s + RMPG, 256x192, COCO. 8.3 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/coco/'
    'rtmpose-s_8xb256-420e_coco-256x192.py',
    './_base_/rmpg_rtmpose.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=512))
optim_wrapper = _base_.rmpg_optim
default_hooks = _base_.rmpg_hooks
