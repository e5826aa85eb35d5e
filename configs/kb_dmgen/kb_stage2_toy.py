# Stage 2 on ToyHuman: from text features to the codes of stage 1.
_base_ = './_base_/kb_toy.py'

model = dict(type='mmkbdm.TextToCode', in_dim=64, num_codes=128)
checkpoint = 'work_dirs/kb_stage1_toy/epoch_40.pth'
train_dataloader = dict(
    batch_size=2048,
    dataset=dict(
        type='mmkbdm.TextCodes',
        codebook={{_base_.codebook}},
        checkpoint=checkpoint,
    ),
)
# Whole captions, so that the accuracy does not depend on the parser.
val_dataloader = dict(
    dataset=dict(
        type='mmkbdm.TextCodes',
        codebook={{_base_.codebook}},
        checkpoint=checkpoint,
        with_parts=False,
    )
)
val_evaluator = dict(type='mmkbdm.CodeAccuracy')
default_hooks = dict(checkpoint=dict(save_best='code/top5', rule='greater'))
