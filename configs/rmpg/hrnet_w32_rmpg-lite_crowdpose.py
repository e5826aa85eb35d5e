# HRNet-W32 + RMPG lite, 256x192, CrowdPose. 28.5 M parameters.
_base_ = './hrnet_w32_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_lite)
