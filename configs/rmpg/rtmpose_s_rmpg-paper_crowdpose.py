# RTMPose-s + RMPG paper-size, 256x192, CrowdPose. 8.8 M parameters.
_base_ = './rtmpose_s_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_paper)
