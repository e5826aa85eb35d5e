# RTMPose-s on MPII, 256x256; MMPose has RTMPose-m on it.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/mpii/'
    'rtmpose-m_8xb64-210e_mpii-256x256.py',
    './rtmpose_s.py',
]

model = _base_.rtmpose_s
optim_wrapper = _base_.rtmpose_s_optim
