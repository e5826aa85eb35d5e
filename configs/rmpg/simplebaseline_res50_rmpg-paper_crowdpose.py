# SimpleBaselines ResNet-50 + RMPG paper-size, 256x192, CrowdPose. 38.2 M
# parameters.
_base_ = './simplebaseline_res50_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
