# Stage 2 on Human-Art: from text features to the codes of stage 1.
_base_ = './_base_/kb_sd15_humanart.py'

model = dict(type='mmkbdm.TextToCode', in_dim=768, num_codes=512)
checkpoint = 'work_dirs/kb_stage1_sd15_humanart/epoch_40.pth'
train_dataloader = dict(
    dataset=dict(
        type='mmkbdm.TextCodes',
        codebook={{_base_.codebook}},
        checkpoint=checkpoint,
    )
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
