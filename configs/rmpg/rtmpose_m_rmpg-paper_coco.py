# RTMPose-m + RMPG paper-size, 256x192, COCO. 17.1 M parameters.
_base_ = './rtmpose_m_rmpg_coco.py'

model = dict(neck=_base_.rmpg_paper)
