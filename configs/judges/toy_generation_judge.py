# The judge of toy generators: ToyHuman's images of 64x64, shown to it at
# twice the size. Longer training than toy_judge.py, in minutes on a GPU; its
# weights are kept with the code.
_base_ = './toy_judge.py'

num_epochs = 10
judge = dict(
    config='configs/judges/toy_generation_judge.py',
    weights='weights/toy_judge.safetensors',
    batch_size=256,
)
data_root = 'data/toyhuman_generation/'
ceiling = dict(
    images=f'{data_root}val', poses=f'{data_root}annotations/val.json'
)

train_cfg = dict(max_epochs=num_epochs, val_interval=num_epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=200, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        T_max=num_epochs,
        eta_min_ratio=0.01,
        convert_to_iter_based=True,
    ),
]
optim_wrapper = dict(optimizer=dict(lr=4e-3, fused=True))
default_hooks = dict(checkpoint=dict(save_best=None), logger=dict(interval=50))
model = dict(
    backbone=dict(stem_channels=48, base_channels=48),
    neck=dict(in_channels=96),
    head=dict(in_channels=96, deconv_out_channels=(96, 64)),
)
train_dataloader = dict(
    batch_size=64,
    num_workers=8,
    persistent_workers=True,
    dataset=dict(data_root=data_root),
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=f'{data_root}annotations/val.json')
test_evaluator = val_evaluator
