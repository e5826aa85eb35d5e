# HRNet-W32 + RMPG paper-size, 256x256, MPII. 28.6 M parameters.
_base_ = './hrnet_w32_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
