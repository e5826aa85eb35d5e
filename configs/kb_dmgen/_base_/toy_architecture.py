# The toy base before it is trained, for images of 64x64: a VAE of 0.23 M
# parameters that makes 4x4 pixels one, a UNet of 4.0 M, a text encoder of
# 64 channels.
model = dict(
    vae=dict(
        type='AutoencoderKL',
        block_out_channels=[16, 32, 32],
        down_block_types=['DownEncoderBlock2D'] * 3,
        up_block_types=['UpDecoderBlock2D'] * 3,
        layers_per_block=1,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=64,
    ),
    unet=dict(
        type='UNet2DConditionModel',
        sample_size=16,
        block_out_channels=[32, 64, 96],
        down_block_types=['DownBlock2D'] + ['CrossAttnDownBlock2D'] * 2,
        up_block_types=['CrossAttnUpBlock2D'] * 2 + ['UpBlock2D'],
        layers_per_block=2,
        attention_head_dim=4,
        cross_attention_dim=64,
        norm_num_groups=16,
    ),
    text_encoder=dict(
        type='CLIPTextModelWithProjection',
        vocab_size=512,
        hidden_size=64,
        intermediate_size=128,
        projection_dim=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=32,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
    ),
    tokenizer=dict(type='CLIPTokenizer', model_max_length=32),
)
