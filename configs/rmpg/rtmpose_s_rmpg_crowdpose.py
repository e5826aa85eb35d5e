# RTMPose-s + RMPG, 256x192, CrowdPose. 8.2 M parameters.
_base_ = [
    './_base_/rtmpose_s_crowdpose.py',
    './_base_/rmpg_rtmpose.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=512))
optim_wrapper = _base_.rmpg_optim
default_hooks = _base_.rmpg_hooks
