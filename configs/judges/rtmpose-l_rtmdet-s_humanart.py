# The default judge with a lighter detector, MMPose's RTMDet-s of Human-Art.
_base_ = './rtmpose-l_humanart.py'

_weights = 'https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
judge = dict(
    detector=dict(
        config='mmdet::rtmdet/rtmdet_s_8xb32-300e_coco.py',
        weights=_weights + 'rtmdet_s_8xb32-300e_humanart-af5bd52d.pth',
    )
)
