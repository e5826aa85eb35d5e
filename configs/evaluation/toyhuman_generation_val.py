# Held-out poses of one and two people for the toy generators, 64x64.
_base_ = './_base_/draw_512.py'

dataset = dict(
    type='mmkbdm.ToyHumanPoseText',
    data_root='data/toyhuman_generation/',
    ann_file='annotations/val.json',
    data_prefix=dict(img='val/'),
    pipeline=[
        dict(type='mmkbdm.LoadImage'),
        dict(type='mmkbdm.ResizeCenterCrop', size=64),
        dict(type='mmkbdm.DrawPose'),
        dict(type='mmkbdm.PackGeneration'),
    ],
)
