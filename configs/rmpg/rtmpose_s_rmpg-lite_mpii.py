# RTMPose-s + RMPG lite, 256x256, MPII. 7.3 M parameters.
_base_ = './rtmpose_s_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_lite)
