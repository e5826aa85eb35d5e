# HRNet-W48 + RMPG, 256x192, CrowdPose. 63.7 M parameters.
_base_ = [
    './_base_/hrnet_w48_crowdpose.py',
    './_base_/rmpg_hrnet.py',
]

model = dict(neck=dict(_base_.rmpg, in_channels=48))
default_hooks = _base_.rmpg_hooks
