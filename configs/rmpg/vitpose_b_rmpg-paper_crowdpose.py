# ViTPose-B + RMPG paper-size, 256x192, CrowdPose. 117.9 M parameters.
_base_ = './vitpose_b_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
