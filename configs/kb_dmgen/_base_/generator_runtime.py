# What generators share in training on every data set.
default_scope = 'mmpose'
train_dataloader = dict(
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='InfiniteSampler', shuffle=True, seed=0),
)
optim_wrapper = dict(
    optimizer=dict(type='AdamW', weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
)
default_hooks = dict(
    checkpoint=dict(
        type='mmkbdm.SafeCheckpointHook',
        by_epoch=False,
        max_keep_ckpts=2,
    ),
    logger=dict(type='LoggerHook', log_metric_by_epoch=False),
)
log_processor = dict(by_epoch=False)
visualizer = dict(
    type='Visualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='TensorboardVisBackend'),
    ],
)
# Every process draws time steps and noise of its own.
randomness = dict(seed=0, diff_rank_seed=True)
