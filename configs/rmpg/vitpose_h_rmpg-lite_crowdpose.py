# ViTPose-H + RMPG lite, 256x192, CrowdPose. 648.7 M parameters.
_base_ = './vitpose_h_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_lite)
