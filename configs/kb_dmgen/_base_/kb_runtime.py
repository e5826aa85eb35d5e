# What both stages of the knowledge base share on every data set. They are
# resumed exactly.
default_scope = 'mmpose'
train_cfg = dict(
    type='mmkbdm.ResumableEpochLoop', max_epochs=40, val_interval=10
)
val_cfg = dict()
optim_wrapper = dict(
    constructor='mmkbdm.MergedGroupsConstructor',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01, fused=True),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=50, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        T_max=40,
        eta_min_ratio=0.01,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(
    timer=dict(type='mmkbdm.SpeedTimerHook'),
    checkpoint=dict(
        type='mmkbdm.SafeCheckpointHook', interval=10, max_keep_ckpts=1
    ),
    logger=dict(type='LoggerHook', interval=20),
    random_state=dict(type='mmkbdm.RandomStateHook'),
    finite_loss=dict(type='mmkbdm.FiniteLossHook'),
)
train_dataloader = dict(
    batch_size=512,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
)
val_dataloader = dict(
    batch_size=512,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
)
visualizer = dict(
    type='Visualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='TensorboardVisBackend'),
    ],
)
randomness = dict(seed=0)
