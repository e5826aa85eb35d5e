# RTMPose-s + RMPG paper-size, 256x256, MPII. 8.8 M parameters.
_base_ = './rtmpose_s_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
