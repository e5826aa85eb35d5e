# The frozen base of ToyHuman, kept with the code: a folder of a diffusers
# pipeline, and the toy CLIP, whose text side conditions the UNet.
toy_base = 'weights/toy_base'

model = dict(
    type='mmkbdm.PoseGuidedGenerator',
    vae=dict(type='AutoencoderKL', from_pretrained=toy_base, subfolder='vae'),
    unet=dict(
        type='UNet2DConditionModel',
        from_pretrained=toy_base,
        subfolder='unet',
    ),
    text_encoder=dict(
        type='CLIPTextModelWithProjection',
        from_pretrained=toy_base,
        subfolder='text_encoder',
    ),
    tokenizer=dict(
        type='CLIPTokenizer', from_pretrained=toy_base, subfolder='tokenizer'
    ),
    scheduler=dict(
        type='DDPMScheduler',
        beta_schedule='scaled_linear',
        prediction_type='v_prediction',
        rescale_betas_zero_snr=True,
        timestep_spacing='trailing',
        clip_sample=False,
    ),
    sampler=dict(type='DDIMScheduler'),
    call=dict(num_inference_steps=20, guidance_scale=3.0),
)
