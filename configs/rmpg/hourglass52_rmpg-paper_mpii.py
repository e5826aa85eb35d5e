# Hourglass-52 + RMPG paper-size, 256x256, MPII. 97.9 M parameters.
_base_ = './hourglass52_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
