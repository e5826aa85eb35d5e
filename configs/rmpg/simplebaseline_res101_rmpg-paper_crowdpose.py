# SimpleBaselines ResNet-101 + RMPG paper-size, 256x192, CrowdPose. 57.1 M
# parameters.
_base_ = './simplebaseline_res101_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
