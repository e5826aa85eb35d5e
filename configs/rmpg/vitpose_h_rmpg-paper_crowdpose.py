# ViTPose-H + RMPG paper-size, 256x192, CrowdPose. 714.6 M parameters.
_base_ = './vitpose_h_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
