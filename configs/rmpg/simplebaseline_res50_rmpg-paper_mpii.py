# SimpleBaselines ResNet-50 + RMPG paper-size, 256x256, MPII. 38.2 M
# parameters.
_base_ = './simplebaseline_res50_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
