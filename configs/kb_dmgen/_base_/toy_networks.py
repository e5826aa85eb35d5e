# Networks of the toy base, for images of 64x64. Heads have a multiple of 8
# channels, as fused attention wants.
# 0.93 M parameters; makes 4x4 pixels one of 8 channels.
vae = dict(
    type='AutoencoderKL',
    block_out_channels=[32, 64, 64],
    down_block_types=['DownEncoderBlock2D'] * 3,
    up_block_types=['UpDecoderBlock2D'] * 3,
    layers_per_block=1,
    latent_channels=8,
    norm_num_groups=8,
    mid_block_add_attention=False,
    sample_size=64,
)
# 3.65 M parameters.
unet = dict(
    type='UNet2DConditionModel',
    sample_size=16,
    in_channels=8,
    out_channels=8,
    block_out_channels=[64, 64, 64],
    down_block_types=['CrossAttnDownBlock2D'] * 3,
    up_block_types=['CrossAttnUpBlock2D'] * 3,
    layers_per_block=2,
    attention_head_dim=4,
    cross_attention_dim=64,
    norm_num_groups=16,
)
# The text side of the toy CLIP.
text_tower = dict(
    vocab_size=713,
    hidden_size=64,
    intermediate_size=128,
    projection_dim=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    max_position_embeddings=32,
    bos_token_id=711,
    eos_token_id=712,
    pad_token_id=712,
)
tokenizer = dict(type='CLIPTokenizer', from_pretrained='weights/toy_tokenizer')
