# What the toy foundation shares in training: ToyHuman in memory.
default_scope = 'mmpose'
data_root = 'data/toyhuman_generation/'
pipeline = [
    dict(type='mmkbdm.LoadImage'),
    dict(type='mmkbdm.ResizeCenterCrop', size=64),
]
train_dataloader = dict(
    batch_size=256,
    num_workers=0,
    collate_fn=dict(type='whole_batch'),
    sampler=dict(type='InfiniteSampler', shuffle=True, seed=0),
    dataset=dict(
        type='mmkbdm.ImageTexts',
        dataset=dict(
            type='mmkbdm.ToyHumanPoseText',
            data_root=data_root,
            ann_file='annotations/train.json',
            data_prefix=dict(img='train/'),
            pipeline=pipeline,
        ),
    ),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=0,
    collate_fn=dict(type='whole_batch'),
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='mmkbdm.ImageTexts',
        dataset=dict(
            type='mmkbdm.ToyHumanPoseText',
            data_root=data_root,
            ann_file='annotations/val.json',
            data_prefix=dict(img='val/'),
            pipeline=pipeline,
        ),
    ),
)
train_cfg = dict(type='mmkbdm.ResumableIterLoop')
val_cfg = dict()
optim_wrapper = dict(
    # Fused: hundreds of small tensors in a few kernels.
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01, fused=True),
    clip_grad=dict(max_norm=1.0),
)
# To the end of training, however long it is.
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, by_epoch=False),
]
default_hooks = dict(
    timer=dict(type='mmkbdm.SpeedTimerHook'),
    checkpoint=dict(
        type='mmkbdm.SafeCheckpointHook',
        by_epoch=False,
        interval=1000,
        max_keep_ckpts=1,
    ),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    random_state=dict(type='mmkbdm.RandomStateHook'),
    finite_loss=dict(type='mmkbdm.FiniteLossHook'),
)
log_processor = dict(by_epoch=False, window_size=50)
# All batches have one shape.
env_cfg = dict(cudnn_benchmark=True)
visualizer = dict(
    type='Visualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='TensorboardVisBackend'),
    ],
)
randomness = dict(seed=0)
