# Hourglass-52 + RMPG lite, 256x256, MPII. 95.3 M parameters.
_base_ = './hourglass52_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
