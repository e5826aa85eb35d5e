# HRNet-W32 + RMPG paper-size, 256x192, COCO. 28.6 M parameters.
_base_ = './hrnet_w32_rmpg_coco.py'

model = dict(neck=_base_.rmpg_paper)
