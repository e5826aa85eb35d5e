# Human-Art's 4,750 validation images; the folder as MMPose has it.
_base_ = './_base_/draw_512.py'

dataset = dict(
    type='mmkbdm.HumanArtPoseText',
    data_root='data/',
    ann_file='HumanArt/annotations/validation_humanart.json',
)
