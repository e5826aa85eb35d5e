# Hourglass-52 + RMPG, 256x256, CrowdPose. 97.4 M parameters.
_base_ = [
    './_base_/hourglass52_crowdpose.py',
    './_base_/rmpg_hourglass.py',
]

model = dict(neck=_base_.rmpg)
default_hooks = _base_.rmpg_hooks
