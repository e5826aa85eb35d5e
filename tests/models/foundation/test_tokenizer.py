"""The tokenizer keeps its words whole, and spells all else."""

from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from mmkbdm.datasets.toy_human.vocabulary import caption_words
from mmkbdm.models.foundation.tokenizer import (
    learn_merges,
    make_tokenizer,
    write_tokenizer,
)

KEPT = Path(__file__).parents[3] / 'weights' / 'toy_tokenizer'


@pytest.fixture(scope='module')
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp('tokenizer')
    write_tokenizer(caption_words(), folder, 32)
    return CLIPTokenizer.from_pretrained(folder)


def test_no_word_of_the_captions_is_split(tokenizer):
    for word in caption_words():
        assert tokenizer.tokenize(word) == [f'{word}</w>']
    text = 'ink_painting, a person in red'
    assert [piece[:-4] for piece in tokenizer.tokenize(text)] == [
        *('ink', '_', 'painting', ','),
        *('a', 'person', 'in', 'red'),
    ]


@pytest.mark.parametrize(
    'text', ['naïve café', '人 🎈', 'xylophone', '', '\n']
)
def test_other_text_is_spelled_and_never_unknown(tokenizer, text):
    ids = tokenizer(text).input_ids
    special = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    assert (ids[0], ids[-1]) == special
    assert not {*ids[1:-1]} & {*special}
    assert tokenizer.decode(ids[1:-1]).strip() == text.strip()


def test_long_text_is_cut(tokenizer):
    ids = tokenizer('a ' * 10_000, truncation=True).input_ids
    assert len(ids) == 32
    assert ids[-1] == tokenizer.eos_token_id


def test_start_and_end_are_the_last_tokens(tokenizer):
    size = len(tokenizer)
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (
        size - 2,
        size - 1,
    )
    assert {*tokenizer.get_vocab().values()} == {*range(size)}


def test_words_inside_words():
    words = ['an', 'and', 'hand', 'standing', 'stand', 'ban', 'ab', 'aba']
    tokenizer = make_tokenizer(words, 8)
    assert all(tokenizer.tokenize(word) == [f'{word}</w>'] for word in words)


def test_merges_do_not_depend_on_the_order():
    words = caption_words()
    assert learn_merges(words) == learn_merges(words[::-1])


def test_the_kept_one_is_what_the_code_makes(tokenizer):
    kept = CLIPTokenizer.from_pretrained(KEPT)
    assert kept.get_vocab() == tokenizer.get_vocab()
    texts = ['watercolor, two people, one in red kicking', 'Größe']
    assert kept(texts).input_ids == tokenizer(texts).input_ids
    assert kept.model_max_length == 32
