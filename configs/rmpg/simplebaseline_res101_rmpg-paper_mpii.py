# SimpleBaselines ResNet-101 + RMPG paper-size, 256x256, MPII. 57.1 M
# parameters.
_base_ = './simplebaseline_res101_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
