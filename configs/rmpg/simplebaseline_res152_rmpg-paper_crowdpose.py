# SimpleBaselines ResNet-152 + RMPG paper-size, 256x192, CrowdPose. 72.8 M
# parameters.
_base_ = './simplebaseline_res152_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
