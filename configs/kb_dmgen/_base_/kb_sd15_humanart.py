# Features of Human-Art's images by CLIP ViT-L/14.
_base_ = './kb_runtime.py'

encoder = 'configs/features/clip_vit_l14.py'
pipeline = [
    dict(type='mmkbdm.LoadImage'),
    dict(type='mmkbdm.ResizeCenterCrop', size=224),
]
train_dataloader = dict(
    dataset=dict(
        encoder=encoder,
        cache='work_dirs/cache/clip_vit_l14/humanart_train',
        dataset=dict(
            type='mmkbdm.HumanArtPoseText',
            data_root='data/',
            ann_file='HumanArt/annotations/training_humanart.json',
            pipeline=pipeline,
        ),
    ),
)
val_dataloader = dict(
    dataset=dict(
        encoder=encoder,
        cache='work_dirs/cache/clip_vit_l14/humanart_val',
        dataset=dict(
            type='mmkbdm.HumanArtPoseText',
            data_root='data/',
            ann_file='HumanArt/annotations/validation_humanart.json',
            pipeline=pipeline,
        ),
    ),
)

codebook = dict(
    type='mmkbdm.FeatureCodebook', in_dim=768, num_codes=512, code_dim=256
)
