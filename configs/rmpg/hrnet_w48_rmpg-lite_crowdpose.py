# HRNet-W48 + RMPG lite, 256x192, CrowdPose. 63.6 M parameters.
_base_ = './hrnet_w48_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_lite)
