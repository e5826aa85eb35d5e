# RTMPose-s on CrowdPose, 256x192; MMPose has RTMPose-m on it.
_base_ = ['./rtmpose_m_crowdpose.py', './rtmpose_s.py']

model = _base_.rtmpose_s
optim_wrapper = _base_.rtmpose_s_optim
