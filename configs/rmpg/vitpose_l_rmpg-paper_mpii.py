# ViTPose-L + RMPG paper-size, 256x192, MPII. 358.1 M parameters.
_base_ = './vitpose_l_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
