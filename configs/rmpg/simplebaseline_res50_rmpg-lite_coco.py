# SimpleBaselines ResNet-50 + RMPG lite, 256x192, COCO. 35.5 M parameters.
_base_ = './simplebaseline_res50_rmpg_coco.py'

model = dict(neck=_base_.rmpg_lite)
