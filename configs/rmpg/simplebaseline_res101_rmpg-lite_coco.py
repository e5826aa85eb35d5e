# SimpleBaselines ResNet-101 + RMPG lite, 256x192, COCO. 54.5 M parameters.
_base_ = './simplebaseline_res101_rmpg_coco.py'

model = dict(neck=_base_.rmpg_lite)
