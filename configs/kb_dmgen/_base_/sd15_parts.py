# Stable Diffusion 1.5, weights from the hub; each from_pretrained may be a
# local folder. The text encoder is CLIP ViT-L/14 itself, which Stable
# Diffusion took unchanged: with its projection, so that the knowledge base
# gets the features that it was trained on.
stable_diffusion = 'stable-diffusion-v1-5/stable-diffusion-v1-5'
clip = 'openai/clip-vit-large-patch14'

model = dict(
    type='mmkbdm.PoseGuidedGenerator',
    vae=dict(
        type='AutoencoderKL', from_pretrained=stable_diffusion, subfolder='vae'
    ),
    unet=dict(
        type='UNet2DConditionModel',
        from_pretrained=stable_diffusion,
        subfolder='unet',
    ),
    text_encoder=dict(
        type='CLIPTextModelWithProjection', from_pretrained=clip
    ),
    tokenizer=dict(type='CLIPTokenizer', from_pretrained=clip),
    scheduler=dict(
        type='DDPMScheduler',
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule='scaled_linear',
        clip_sample=False,
        steps_offset=1,
    ),
    sampler=dict(type='DDIMScheduler', set_alpha_to_one=False),
    call=dict(
        num_inference_steps=50,
        guidance_scale=7.5,
        negative_prompt='longbody, lowres, bad anatomy, bad hands, missing '
        'fingers, extra digit, fewer digits, cropped, worst quality, low '
        'quality',
    ),
)
