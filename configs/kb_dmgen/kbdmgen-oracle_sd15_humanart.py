# Control of KB-DMGen on Human-Art: the code of the true image. Its features
# are those that stage 1 was trained on.
_base_ = './kbdmgen_sd15_humanart.py'

model = dict(
    knowledge_base=dict(
        source=dict(
            _delete_=True,
            type='mmkbdm.OracleCode',
            codebook={{_base_.knowledge_base.source.codebook}},
        ),
    ),
)
train_dataloader = dict(
    dataset=dict(
        image_features=dict(
            encoder='configs/features/clip_vit_l14.py',
            cache='work_dirs/cache/clip_vit_l14/humanart_train',
            pipeline=[
                dict(type='mmkbdm.LoadImage'),
                dict(type='mmkbdm.ResizeCenterCrop', size=224),
            ],
        ),
    ),
)
