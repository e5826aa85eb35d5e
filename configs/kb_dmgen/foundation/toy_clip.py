# The image-text model of ToyHuman; its text side conditions the toy base.
_base_ = ['./_base_/toy_runtime.py', '../_base_/toy_networks.py']

train_cfg = dict(max_iters=3000, val_interval=3000)
model = dict(
    type='mmkbdm.TextImageContrast',
    clip=dict(
        type='CLIPModel',
        text_config={{_base_.text_tower}},
        vision_config=dict(
            image_size=64,
            patch_size=8,
            hidden_size=96,
            intermediate_size=192,
            num_hidden_layers=4,
            num_attention_heads=4,
        ),
        projection_dim=64,
    ),
    tokenizer={{_base_.tokenizer}},
    shift=4,
)
train_dataloader = dict(dataset=dict(tokenizer={{_base_.tokenizer}}))
val_dataloader = dict(dataset=dict(tokenizer={{_base_.tokenizer}}))
optim_wrapper = dict(optimizer=dict(weight_decay=0.1))
val_evaluator = dict(type='mmkbdm.CaptionRetrieval')
