# SimpleBaselines ResNet-152 + RMPG paper-size, 256x192, COCO. 72.8 M
# parameters.
_base_ = './simplebaseline_res152_rmpg_coco.py'

model = dict(neck=_base_.rmpg_paper)
