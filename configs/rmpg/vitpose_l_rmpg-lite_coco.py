# ViTPose-L + RMPG lite, 256x192, COCO. 315.9 M parameters.
_base_ = './vitpose_l_rmpg_coco.py'

model = dict(neck=_base_.rmpg_lite)
