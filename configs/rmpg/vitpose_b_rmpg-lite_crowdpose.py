# ViTPose-B + RMPG lite, 256x192, CrowdPose. 94.1 M parameters.
_base_ = './vitpose_b_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_lite)
