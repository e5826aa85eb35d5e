# SimpleBaselines ResNet-101 + RMPG lite, 256x256, MPII. 54.5 M parameters.
_base_ = './simplebaseline_res101_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
