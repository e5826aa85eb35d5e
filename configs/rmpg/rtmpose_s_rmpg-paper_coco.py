# RTMPose-s + RMPG paper-size, 256x192, COCO. 8.8 M parameters.
_base_ = './rtmpose_s_rmpg_coco.py'

model = dict(neck=_base_.rmpg_paper)
