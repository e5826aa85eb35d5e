# What every dataset to generate for goes through, at the field's size.
dataset = dict(
    test_mode=True,
    pipeline=[
        dict(type='mmkbdm.LoadImage'),
        dict(type='mmkbdm.ResizeCenterCrop', size=512),
        dict(type='mmkbdm.DrawPose'),
        dict(type='mmkbdm.PackGeneration'),
    ],
)
