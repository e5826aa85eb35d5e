import random
import sys
import time

import pytest

from mmkbdm.models.knowledge_base import PromptParts, decompose


@pytest.mark.parametrize(
    'prompt, objects, status',
    [
        (
            'digital_art, a girl in a white dress standing under a tree',
            'a girl in a white dress, a tree',
            'standing under a tree',
        ),
        (
            'garage_kits, a figurine of a character holding a gun',
            'a figurine of a character, a gun',
            'holding a gun',
        ),
        (
            'sketch, two people, one in red running and one in blue lying '
            'down in front of a box',
            'two people, one in red, one in blue, a box',
            'running, lying down in front of a box',
        ),
        (
            'ukiyoe, a man is sitting while a dancing girl plays the flute',
            'a man, a dancing girl, the flute',
            'is sitting, plays the flute',
        ),
        (
            'oil_painting, a black and white painting of a king',
            'a black and white painting of a king',
            None,
        ),
        ('dance, jumping', None, 'jumping'),
        ('sketch, 一个人', '一个人', None),
        ('sketch, ', None, None),
    ],
)
def test_parts_of_the_known_form(prompt, objects, status):
    parts = decompose(prompt)
    assert parts.type == prompt.partition(',')[0].replace('_', ' ')
    assert (parts.objects, parts.status) == (objects, status)
    assert parts.whole == prompt.strip()
    assert parts.queries() == dict(
        type=parts.type, objects=objects, status=status
    )


def test_types_are_compared_without_case_and_underscores():
    for head in ('Digital_Art', ' digital  art ', 'DIGITAL ART'):
        assert decompose(f'{head},a man').type == 'digital art'
    assert decompose('pixel_art, a man').type is None
    assert decompose('pixel_art, a man', ('Pixel art',)).type == 'pixel art'


@pytest.mark.parametrize(
    'prompt', ['a photo, a man running', 'a man  running', 'sketch']
)
def test_another_form_is_one_query(prompt):
    parts = decompose(prompt)
    assert parts == PromptParts(whole=' '.join(prompt.split()))
    assert parts.queries() == dict(whole=parts.whole)


def test_nothing_in_it():
    for prompt in ('', ' \n\t'):
        assert decompose(prompt) == PromptParts()
        assert decompose(prompt).queries() == dict(whole=None)


def test_no_string_is_an_error():
    chance = random.Random(0)
    words = ['a', 'and', 'is', 'in', 'running', 'dressed', ',', '.', 'one']
    for _ in range(300):
        points = [chance.randrange(sys.maxunicode) for _ in range(40)]
        random_text = ''.join(map(chr, points))
        random_words = ' '.join(chance.choices(words, k=30))
        for text in (random_text, random_words):
            parts = decompose('sketch,' + text)
            assert parts.type == 'sketch'
            # Nothing is made up, and no part is an empty string.
            for part in (parts.objects, parts.status):
                assert part is None or part
                for word in (part or '').split():
                    assert word.rstrip(',') in text


@pytest.mark.parametrize(
    'word', ['a', 'man ', 'and ', 'running ', ',', '\ud800']
)
def test_ten_thousand_characters(word):
    text = 'sketch,' + word * (10_000 // len(word))
    started = time.perf_counter()
    assert decompose(text) == decompose(text)
    assert time.perf_counter() - started < 1
