# The toy base on ToyHuman, for one CPU thread.
_base_ = ['./generator_runtime.py', './toy_parts.py']

# On a GPU, launching so small a network takes longer than calculating it.
model = dict(graph=True)
train_cfg = dict(max_iters=1500)
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='mmkbdm.CachedSamples',
        cache='work_dirs/cache/toy_generator/train',
        vae={{_base_.model.vae}},
        text_encoder={{_base_.model.text_encoder}},
        tokenizer={{_base_.model.tokenizer}},
        dataset=dict(
            type='mmkbdm.ToyHumanPoseText',
            data_root='data/toyhuman_generation/',
            ann_file='annotations/train.json',
            data_prefix=dict(img='train/'),
            pipeline=[
                dict(type='mmkbdm.LoadImage'),
                dict(type='mmkbdm.ResizeCenterCrop', size=64),
                dict(type='mmkbdm.DrawPose'),
                dict(type='mmkbdm.PackGeneration'),
            ],
        ),
    ),
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(lr=1e-3),
    paramwise_cfg=dict(
        custom_keys=dict(
            dynamic_mask=dict(lr_mult=10.0, decay_mult=0.0),
            null_answer=dict(lr_mult=10.0, decay_mult=0.0),
        )
    ),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=50, by_epoch=False)
]
default_hooks = dict(checkpoint=dict(interval=500))
custom_hooks = [
    dict(
        type='EMAHook', ema_type='mmkbdm.TrainedMovingAverage', momentum=0.005
    ),
    # Scores and pictures of held-out poses, in TensorBoard.
    dict(
        type='mmkbdm.GenerationEvalHook',
        interval=500,
        dataset='configs/evaluation/toyhuman_generation_val.py',
        num_images=64,
        batch_size=32,
        judge='configs/judges/toy_generation_judge.py',
    ),
]
