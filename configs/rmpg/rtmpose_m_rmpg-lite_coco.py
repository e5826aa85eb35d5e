# RTMPose-m + RMPG lite, 256x192, COCO. 14.4 M parameters.
_base_ = './rtmpose_m_rmpg_coco.py'

model = dict(neck=_base_.rmpg_lite)
