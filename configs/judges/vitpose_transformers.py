# A second opinion without MMPose's estimators: ViTPose-B of transformers.
_base_ = './_base_/yolox-l_humanart.py'

judge = dict(
    type='mmkbdm.TransformersViTPoseJudge',
    path='usyd-community/vitpose-base-simple',
)
