# ViTPose-S + RMPG paper-size, 256x192, CrowdPose. 31.3 M parameters.
_base_ = './vitpose_s_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
