# ViTPose-B + RMPG lite, 256x192, COCO. 94.1 M parameters.
_base_ = './vitpose_b_rmpg_coco.py'

model = dict(neck=_base_.rmpg_lite)
