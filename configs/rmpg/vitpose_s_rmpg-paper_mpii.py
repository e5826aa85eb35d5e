# ViTPose-S + RMPG paper-size, 256x192, MPII. 31.3 M parameters.
_base_ = './vitpose_s_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
