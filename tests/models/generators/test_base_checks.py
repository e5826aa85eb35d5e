"""Parts of Stable Diffusion that do not belong together."""

import pytest
from tiny_generator import TEXT, TOKENIZER, UNET, VAE, WORDS, build, config
from transformers import CLIPTokenizer

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.generators.parts import build_part


def tokenizer(**settings):
    return dict(tokenizer={**TOKENIZER, **settings})


def numbered(words):
    return {word: i for i, word in enumerate(words)}


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(vae=dict(VAE, latent_channels=3)), 'in_channels=4.*channels=3'),
        (
            dict(unet=dict(UNET, cross_attention_dim=10)),
            'cross_attention_dim=10.*hidden_size=8',
        ),
        # It is given a number that no vocabulary has.
        (tokenizer(pad_token='<pad>'), "'<pad>' of number 58.*of 58"),
        (
            tokenizer(vocab=numbered([*WORDS, 'house</w>'])),
            "'house</w>' of number 58.*of 58",
        ),
        (
            tokenizer(vocab=numbered(WORDS[::-1])),
            'eos_token_id=0.*looks for 57',
        ),
        (
            dict(
                tokenizer(vocab=numbered(WORDS[::-1])),
                text_encoder=dict(TEXT, eos_token_id=2),
            ),
            'eos_token_id=0.*the highest, 57',
        ),
    ],
)
def test_mistakes_are_one_line(settings, words):
    with pytest.raises(PreflightError, match=words) as caught:
        build(config(**settings))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('token', ['bos', 'eos', 'pad', 'unk'])
def test_every_special_token_is_needed(token):
    without = build_part(TOKENIZER, 'tokenizer')
    setattr(without, f'{token}_token', None)
    with pytest.raises(PreflightError, match=f'no {token}_token'):
        build(config(tokenizer=without))


def test_the_unknown_token_has_to_be_a_word():
    words = numbered(WORDS[:-1])
    bare = CLIPTokenizer(vocab=words, merges=[], model_max_length=24)
    # The library gives it a number, but its words do not know it.
    with pytest.raises(PreflightError, match='unknown letter'):
        build(config(tokenizer=bare))


def test_the_old_number_of_the_end_is_understood():
    build(config(text_encoder=dict(TEXT, eos_token_id=2)))
