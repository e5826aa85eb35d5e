# RTMPose-m + RMPG paper-size, 256x256, MPII. 17.1 M parameters.
_base_ = './rtmpose_m_rmpg_mpii.py'

model = dict(neck=_base_.rmpg_paper)
