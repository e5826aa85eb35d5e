# Features of ToyHuman's pictures by the toy CLIP.
_base_ = './kb_runtime.py'

encoder = 'configs/features/toy_clip.py'
pipeline = [
    dict(type='mmkbdm.LoadImage'),
    dict(type='mmkbdm.ResizeCenterCrop', size=64),
]
train_dataloader = dict(
    dataset=dict(
        encoder=encoder,
        cache='work_dirs/cache/toy_clip/train',
        dataset=dict(
            type='mmkbdm.ToyHumanPoseText',
            data_root='data/toyhuman_generation/',
            ann_file='annotations/train.json',
            data_prefix=dict(img='train/'),
            pipeline=pipeline,
        ),
    ),
)
val_dataloader = dict(
    dataset=dict(
        encoder=encoder,
        cache='work_dirs/cache/toy_clip/val',
        dataset=dict(
            type='mmkbdm.ToyHumanPoseText',
            data_root='data/toyhuman_generation/',
            ann_file='annotations/val.json',
            data_prefix=dict(img='val/'),
            pipeline=pipeline,
        ),
    ),
)

codebook = dict(
    type='mmkbdm.FeatureCodebook',
    in_dim=64,
    num_codes=128,
    code_dim=32,
    hidden_dim=128,
)
