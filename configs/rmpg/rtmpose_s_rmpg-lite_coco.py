# RTMPose-s + RMPG lite, 256x192, COCO. 6.2 M parameters.
_base_ = './rtmpose_s_rmpg_coco.py'

model = dict(neck=_base_.rmpg_lite)
