# ViTPose-B + RMPG paper-size, 256x192, COCO. 117.9 M parameters.
_base_ = './vitpose_b_rmpg_coco.py'

model = dict(neck=_base_.rmpg_paper)
