# The toy base before it is trained.
_base_ = './toy_networks.py'

model = dict(
    vae={{_base_.vae}},
    unet={{_base_.unet}},
    text_encoder=dict(
        type='CLIPTextModelWithProjection',
        from_config={{_base_.text_tower}},
    ),
    tokenizer={{_base_.tokenizer}},
)
