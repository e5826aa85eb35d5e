# What generators share in training on every data set. It is resumed exactly.
default_scope = 'mmpose'
train_cfg = dict(type='mmkbdm.ResumableIterLoop')
train_dataloader = dict(
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='InfiniteSampler', shuffle=True, seed=0),
)
# A batch in N parts: accumulative_counts=N here, batch_size / N in the
# loader, N * max_iters; intervals and schedules count parts, too.
optim_wrapper = dict(
    constructor='mmkbdm.MergedGroupsConstructor',
    optimizer=dict(type='AdamW', weight_decay=0.01, fused=True),
    clip_grad=dict(max_norm=1.0),
)
default_hooks = dict(
    timer=dict(type='mmkbdm.SpeedTimerHook'),
    checkpoint=dict(
        type='mmkbdm.SafeCheckpointHook', by_epoch=False, max_keep_ckpts=2
    ),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    random_state=dict(type='mmkbdm.RandomStateHook'),
    finite_loss=dict(type='mmkbdm.FiniteLossHook'),
    curves=dict(type='mmkbdm.GeneratorCurvesHook', interval=100),
)
log_processor = dict(
    by_epoch=False,
    window_size=50,
    mean_pattern=r'.*(loss|mse|time|grad_norm).*',
)
visualizer = dict(
    type='Visualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='TensorboardVisBackend'),
    ],
)
# Every process draws time steps and noise of its own.
randomness = dict(seed=0, diff_rank_seed=True)
