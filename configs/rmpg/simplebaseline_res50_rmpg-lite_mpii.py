# SimpleBaselines ResNet-50 + RMPG lite, 256x256, MPII. 35.5 M parameters.
_base_ = './simplebaseline_res50_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
