# ViTPose-L + RMPG lite, 256x192, CrowdPose. 315.9 M parameters.
_base_ = './vitpose_l_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_lite)
