# HRNet-W48 + RMPG lite, 256x192, COCO. 63.6 M parameters.
_base_ = './hrnet_w48_rmpg_coco.py'

model = dict(neck=_base_.rmpg_lite)
