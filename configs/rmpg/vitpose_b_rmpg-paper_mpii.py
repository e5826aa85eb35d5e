# ViTPose-B + RMPG paper-size, 256x192, MPII. 117.9 M parameters.
_base_ = './vitpose_b_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
