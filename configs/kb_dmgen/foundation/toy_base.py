# The UNet of the toy base, between the toy VAE and the toy CLIP.
_base_ = [
    './_base_/toy_runtime.py',
    '../_base_/toy_networks.py',
    '../_base_/toy_parts.py',
]

train_cfg = dict(max_iters=5000, val_interval=5000)
model = dict(
    _delete_=True,
    type='mmkbdm.TextToImage',
    unet={{_base_.unet}},
    vae={{_base_.model.vae}},
    text_encoder={{_base_.model.text_encoder}},
    tokenizer={{_base_.model.tokenizer}},
    scheduler={{_base_.model.scheduler}},
    sampler={{_base_.model.sampler}},
    call={{_base_.model.call}},
    features=dict(type='mmkbdm.CLIPFeatures', name_or_path='weights/toy_clip'),
    autocast='bfloat16',
    graph=True,
)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmkbdm.EncodedImages',
        dataset={{_base_.train_dataloader.dataset}},
        vae={{_base_.model.vae}},
        text_encoder={{_base_.model.text_encoder}},
        tokenizer={{_base_.model.tokenizer}},
        prompt_dropout=0.1,
    ),
)
optim_wrapper = dict(optimizer=dict(lr=1.2e-3))
custom_hooks = [dict(type='EMAHook', momentum=0.02, interval=10)]
# Of generated images, comparable with the toy CLIP's own of real ones.
val_evaluator = dict(type='mmkbdm.CaptionRetrieval')
