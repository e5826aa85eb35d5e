# SimpleBaselines ResNet-152 + RMPG lite, 256x256, MPII. 70.2 M parameters.
_base_ = './simplebaseline_res152_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
