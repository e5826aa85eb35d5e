"""A CLIP model of a few thousand random parameters, written to a folder."""

import json

import torch
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer


def write_clip(folder):
    """Write model and tokenizer, which knows letters; returns the folder."""
    letters = 'abcdefghijklmnopqrstuvwxyz,0123456789'
    words = [*letters, *(f'{one}</w>' for one in letters)]
    words += ['<|startoftext|>', '<|endoftext|>']
    vocabulary = {word: i for i, word in enumerate(words)}
    (folder / 'vocab.json').write_text(json.dumps(vocabulary))
    (folder / 'merges.txt').write_text('#version: 0.2\n')
    CLIPTokenizer(
        str(folder / 'vocab.json'), str(folder / 'merges.txt')
    ).save_pretrained(folder)
    small = dict(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config=dict(
            small,
            vocab_size=len(words),
            max_position_embeddings=24,
            bos_token_id=vocabulary['<|startoftext|>'],
            eos_token_id=vocabulary['<|endoftext|>'],
            pad_token_id=vocabulary['<|endoftext|>'],
        ),
        vision_config=dict(small, image_size=16, patch_size=8),
        projection_dim=8,
    )
    CLIPModel(config).save_pretrained(folder)
    return str(folder)
