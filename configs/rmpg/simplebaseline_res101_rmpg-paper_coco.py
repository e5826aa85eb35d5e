# SimpleBaselines ResNet-101 + RMPG paper-size, 256x192, COCO. 57.1 M
# parameters.
_base_ = './simplebaseline_res101_rmpg_coco.py'

model = dict(neck=_base_.rmpg_paper)
