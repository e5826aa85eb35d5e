# Control of KB-DMGen on ToyHuman: the code of the true image. Its features
# are those that stage 1 was trained on.
_base_ = './kbdmgen_toy.py'

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
        dataset=dict(
            image_features=dict(
                encoder='configs/features/toy_clip.py',
                cache='work_dirs/cache/toy_clip/train',
                pipeline=[
                    dict(type='mmkbdm.LoadImage'),
                    dict(type='mmkbdm.ResizeCenterCrop', size=64),
                ],
            ),
        ),
    ),
)
# Not judged while it trains: held-out images have no features.
custom_hooks = [
    dict(
        type='EMAHook', ema_type='mmkbdm.TrainedMovingAverage', momentum=0.005
    ),
]
