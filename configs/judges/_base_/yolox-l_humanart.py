# MMPose's YOLOX-l trained on Human-Art and COCO, for all judges of this
# folder. MMPose keeps its config (projects/rtmpose/yolox/humanart) out of its
# package: the network and the classes are those of MMDetection's.
_weights = 'https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
judge = dict(
    type='mmkbdm.MMPoseJudge',
    detector=dict(
        type='mmkbdm.MMDetDetector',
        config='mmdet::yolox/yolox_l_8xb8-300e_coco.py',
        weights=_weights + 'yolox_l_8xb8-300e_humanart-ce1d7a62.pth',
        cat_ids=(0,),
    ),
)
