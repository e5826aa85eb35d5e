# SimpleBaselines ResNet-152 + RMPG paper-size, 256x256, MPII. 72.8 M
# parameters.
_base_ = './simplebaseline_res152_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
