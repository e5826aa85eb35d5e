# RTMPose-s + RMPG lite, 256x192, CrowdPose. 6.1 M parameters.
_base_ = './rtmpose_s_rmpg_crowdpose.py'

model = dict(neck=_base_.rmpg_lite)
