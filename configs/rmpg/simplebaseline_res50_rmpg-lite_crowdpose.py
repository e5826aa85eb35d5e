# SimpleBaselines ResNet-50 + RMPG lite, 256x192, CrowdPose. 35.5 M parameters.
_base_ = './simplebaseline_res50_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_lite)
