# HRNet-W48 + RMPG lite, 256x256, MPII. 63.6 M parameters.
_base_ = './hrnet_w48_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
