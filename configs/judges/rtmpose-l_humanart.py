# The default judge: RTMPose-l, Human-Art val AP .753 with true boxes (MMPose).
_base_ = './_base_/yolox-l_humanart.py'

_weights = 'https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
_name = 'rtmpose-l_8xb256-420e_humanart-256x192'
judge = dict(
    config=f'mmpose::body_2d_keypoint/rtmpose/humanart/{_name}.py',
    weights=f'{_weights}{_name}-389f2cb0_20230611.pth',
)
