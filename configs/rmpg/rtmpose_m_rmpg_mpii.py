# RTMPose-m + RMPG, 256x256, MPII. 16.5 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/mpii/'
    'rtmpose-m_8xb64-210e_mpii-256x256.py',
    './_base_/rmpg_rtmpose.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=768))
optim_wrapper = _base_.rmpg_optim
default_hooks = _base_.rmpg_hooks
