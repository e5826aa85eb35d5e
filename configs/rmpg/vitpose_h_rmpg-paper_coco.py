# ViTPose-H + RMPG paper-size, 256x192, COCO. 714.6 M parameters.
_base_ = './vitpose_h_rmpg_coco.py'

model = dict(neck=_base_.rmpg_paper)
