# Fine-tuning from the weights of a plain network (a recipe of ours that has
# not been tuned): the neck alone learns first, then everything does.
finetune_train = dict(max_epochs=30, val_interval=5)
finetune_schedule = [
    dict(
        type='LinearLR', begin=0, end=500, start_factor=0.001, by_epoch=False
    ),
    # The whole network, already trained, learns more slowly than the neck.
    dict(type='MultiStepLR', end=30, milestones=[5, 25], gamma=0.1),
]
finetune_hooks = [
    dict(type='SyncBuffersHook'),
    dict(type='mmkbdm.TrainNeckFirstHook', epochs=5),
]

# Between GPUs, gradients of the frozen parameters must not be waited for.
find_unused_parameters = True
