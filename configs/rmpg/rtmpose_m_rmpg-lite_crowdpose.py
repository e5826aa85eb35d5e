# RTMPose-m + RMPG lite, 256x192, CrowdPose. 14.3 M parameters.
_base_ = './rtmpose_m_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_lite)
