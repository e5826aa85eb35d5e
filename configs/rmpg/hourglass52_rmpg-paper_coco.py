# Hourglass-52 + RMPG paper-size, 256x256, COCO. 97.9 M parameters.
_base_ = './hourglass52_rmpg_coco.py'

model = dict(neck=_base_.rmpg_paper)
