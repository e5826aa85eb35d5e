# RTMPose-m + RMPG paper-size, 256x192, CrowdPose. 17.0 M parameters.
_base_ = './rtmpose_m_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
