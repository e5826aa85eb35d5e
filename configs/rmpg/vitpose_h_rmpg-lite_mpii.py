# ViTPose-H + RMPG lite, 256x192, MPII. 648.7 M parameters.
_base_ = './vitpose_h_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
