"""A generator of real parts of a few thousand random parameters."""

import torch
from mmengine.registry import MODELS

LETTERS = 'abcdefghijklmnopqrstuvwxyz,_'
WORDS = [*LETTERS, *(f'{one}</w>' for one in LETTERS)]
WORDS += ['<|startoftext|>', '<|endoftext|>']

VAE = dict(
    type='AutoencoderKL',
    block_out_channels=(8, 8, 8),
    down_block_types=('DownEncoderBlock2D',) * 3,
    up_block_types=('UpDecoderBlock2D',) * 3,
    layers_per_block=1,
    norm_num_groups=4,
    scaling_factor=0.5,
)
UNET = dict(
    type='UNet2DConditionModel',
    sample_size=16,
    block_out_channels=(16, 32),
    layers_per_block=2,
    down_block_types=('CrossAttnDownBlock2D', 'DownBlock2D'),
    up_block_types=('UpBlock2D', 'CrossAttnUpBlock2D'),
    cross_attention_dim=8,
    attention_head_dim=2,
    norm_num_groups=4,
)
TEXT = dict(
    type='CLIPTextModelWithProjection',
    vocab_size=len(WORDS),
    hidden_size=8,
    intermediate_size=8,
    num_hidden_layers=1,
    num_attention_heads=2,
    projection_dim=6,
    max_position_embeddings=24,
    bos_token_id=len(WORDS) - 2,
    eos_token_id=len(WORDS) - 1,
    pad_token_id=len(WORDS) - 1,
)
TOKENIZER = dict(
    type='CLIPTokenizer',
    vocab={word: i for i, word in enumerate(WORDS)},
    merges=[],
    model_max_length=24,
)
BLOCK = dict(embed_dim=8, head_dim=4)
KNOWLEDGE = dict(
    type='mmkbdm.KnowledgeBase',
    source=dict(type='mmkbdm.RawText', in_dim=6, code_dim=4),
)


def config(**settings):
    """ControlNet, unless told otherwise."""
    parts = dict(
        type='mmkbdm.PoseGuidedGenerator',
        vae=VAE,
        unet=UNET,
        text_encoder=TEXT,
        tokenizer=TOKENIZER,
        scheduler=dict(type='DDPMScheduler', clip_sample=False),
        sampler=dict(
            type='DDIMScheduler', set_alpha_to_one=False, steps_offset=1
        ),
        adapter=dict(conditioning_channels=(4, 8, 8)),
        call=dict(num_inference_steps=2),
    )
    return {**parts, **settings}


def masks(**settings):
    """Of the tiny size."""
    return dict(num_heads=2, block=BLOCK, **settings)


def full(**settings):
    """KB-DMGen."""
    film = dict(places=(2, 4, 5), rank=4)
    parts = dict(masks=masks(), knowledge_base=KNOWLEDGE, film=film, alpha=5)
    return config(**{**parts, **settings})


def build(cfg, seed=0):
    """Build with a seed, in evaluation mode."""
    torch.manual_seed(seed)
    return MODELS.build(cfg).eval()


def wake(module, seed=1, scale=0.1):
    """Give all that is zero some weight."""
    generator = torch.Generator().manual_seed(seed)
    for value in module.parameters():
        if value.requires_grad and not value.any():
            noise = torch.randn(value.shape, generator=generator)
            value.data.copy_(scale * noise)


def batch(size=2, height=64, width=64):
    """As PackGeneration and pseudo_collate make it."""
    generator = torch.Generator().manual_seed(7)
    shape = (size, 3, height, width)
    image = torch.randint(0, 256, shape, generator=generator)
    condition = torch.zeros(shape, dtype=torch.uint8)
    for i in range(size):
        condition[i, :, 10 + 9 * i : 40, 20 + 7 * i] = 200
    prompts = ['oil_painting, a man running', 'a girl in a red dress', '']
    return dict(
        image=list(image.to(torch.uint8)),
        condition=list(condition),
        prompt=[prompts[i % 3] for i in range(size)],
        img_id=list(range(size)),
    )


def generators(size=2):
    """One a picture."""
    return [torch.Generator().manual_seed(i) for i in range(size)]
