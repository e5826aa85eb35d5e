# HRNet-W32 + RMPG paper-size, 256x192, CrowdPose. 28.6 M parameters.
_base_ = './hrnet_w32_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
