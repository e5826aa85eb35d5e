# ToyHuman's validation images, at the size that they are rendered in.
_base_ = './_base_/draw_512.py'

dataset = dict(
    type='mmkbdm.ToyHumanPoseText',
    data_root='data/toyhuman/',
    ann_file='annotations/val.json',
    data_prefix=dict(img='val/'),
    pipeline=[
        dict(type='mmkbdm.LoadImage'),
        dict(type='mmkbdm.ResizeCenterCrop', size=128),
        dict(type='mmkbdm.DrawPose'),
        dict(type='mmkbdm.PackGeneration'),
    ],
)
