# ViTPose-H + RMPG lite, 256x192, COCO. 648.7 M parameters.
_base_ = './vitpose_h_rmpg_coco.py'

model = dict(neck=_base_.rmpg_lite)
