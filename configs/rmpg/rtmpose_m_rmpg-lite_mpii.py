# RTMPose-m + RMPG lite, 256x256, MPII. 14.4 M parameters.
_base_ = './rtmpose_m_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
