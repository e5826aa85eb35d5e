# KB-DMGen on Human-Art with latents and texts encoded once: 4.4 and 7.8 GB on
# the disk. Images are still read, to draw the poses at their size.
_base_ = './kbdmgen_sd15_humanart.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmkbdm.CachedSamples',
        cache='work_dirs/cache/sd15/humanart_train',
        pixels=False,
        batch_size=8,
        vae={{_base_.model.vae}},
        text_encoder={{_base_.model.text_encoder}},
        tokenizer={{_base_.model.tokenizer}},
        dataset={{_base_.train_dataloader.dataset}},
    ),
)
