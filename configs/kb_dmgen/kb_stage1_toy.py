# Stage 1 on ToyHuman: a codebook of image features.
_base_ = './_base_/kb_toy.py'

model = {{_base_.codebook}}
train_dataloader = dict(dataset=dict(type='mmkbdm.ImageFeatures'))
val_dataloader = dict(dataset=dict(type='mmkbdm.ImageFeatures'))
val_evaluator = dict(type='mmkbdm.CodebookUse', num_codes=128)
