# Stable Diffusion 1.5 on Human-Art as Stable-Pose trains: AdamW, constant
# 1e-5, batch 8, half precision. The number of iterations is ours.
_base_ = ['./generator_runtime.py', './sd15_parts.py']

model = dict(gradient_checkpointing=True)
train_cfg = dict(max_iters=40000)
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type='mmkbdm.HumanArtPoseText',
        data_root='data/',
        ann_file='HumanArt/annotations/training_humanart.json',
        pipeline=[
            dict(type='mmkbdm.LoadImage'),
            dict(type='mmkbdm.ResizeCenterCrop', size=512),
            dict(type='mmkbdm.DrawPose'),
            dict(type='mmkbdm.PackGeneration'),
        ],
    ),
)
optim_wrapper = dict(
    type='mmkbdm.AutocastOptimWrapper',
    dtype='float16',
    optimizer=dict(lr=1e-5),
    # Log-odds, which 1e-5 would not move.
    paramwise_cfg=dict(
        custom_keys=dict(
            dynamic_mask=dict(lr_mult=1000.0, decay_mult=0.0),
            null_answer=dict(lr_mult=1000.0, decay_mult=0.0),
        )
    ),
)
default_hooks = dict(checkpoint=dict(interval=2000))
# kbdmgen-judged_sd15_humanart.py adds a moving average and an evaluation.
