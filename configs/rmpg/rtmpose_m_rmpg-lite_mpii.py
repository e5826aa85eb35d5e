# RTMPose-m + RMPG lite, 256x256, MPII. 17.7 M parameters.
_base_ = './rtmpose_m_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
