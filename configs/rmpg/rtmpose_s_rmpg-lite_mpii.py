# RTMPose-s + RMPG lite, 256x256, MPII. 6.2 M parameters.
_base_ = './rtmpose_s_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
