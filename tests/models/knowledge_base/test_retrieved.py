"""What is told of a prompt is what it is answered with."""

import pytest
import torch
from mmengine.registry import MODELS

from mmkbdm.models.knowledge_base import retrieved_codes


@pytest.fixture
def knowledge():
    torch.manual_seed(0)
    cfg = dict(
        type='mmkbdm.KnowledgeBase',
        source=dict(
            type='mmkbdm.PredictedCode',
            codebook=dict(
                type='mmkbdm.FeatureCodebook',
                in_dim=6,
                num_codes=8,
                code_dim=4,
            ),
            text_to_code=dict(type='mmkbdm.TextToCode', in_dim=6, num_codes=8),
            top_k=3,
        ),
    )
    return MODELS.build(cfg).eval()


def encode(texts):
    rows = [
        torch.randn(6, generator=torch.Generator().manual_seed(len(text)))
        for text in texts
    ]
    return torch.stack(rows)


def test_codes_average_to_the_answer(knowledge):
    prompt = 'the whole of it'
    [told] = retrieved_codes(knowledge, [prompt], encode)
    assert list(told) == ['whole']
    numbers, shares = zip(*told['whole']['codes'])
    assert len(numbers) == 3
    assert 1 > shares[0] >= shares[1] >= shares[2] > 0
    weights = torch.tensor(shares) / sum(shares)
    average = weights @ knowledge.source.codebook.codes[list(numbers)]
    [answer] = knowledge([prompt], encode)
    torch.testing.assert_close(answer, average)


def test_parts(knowledge):
    told = retrieved_codes(
        knowledge, ['sketch, a man running', 'sketch, a man', ''], encode
    )
    slots = ['type', 'objects', 'status']
    assert list(told[0]) == [*slots, 'together']
    assert [told[0][slot]['weight'] for slot in slots] == [1, 1, 1]
    assert told[0]['type']['text'] == 'sketch'
    assert told[0]['status']['codes'] != told[0]['objects']['codes']
    assert told[1]['type'] == told[0]['type']
    assert told[1]['status'] == dict(text=None, codes=[], weight=1)
    assert told[2] == dict(whole=dict(text=None, codes=[], weight=1))


def test_together_is_the_answer_of_a_prompt_with_parts(knowledge):
    torch.nn.init.normal_(knowledge.pooling.query, std=9)
    prompt = 'sketch, a man running'
    [told] = retrieved_codes(knowledge, [prompt], encode)
    together = told.pop('together')
    assert together['text'] == prompt
    weights = [part['weight'] for part in told.values()]
    assert sum(weights) == pytest.approx(3) and max(weights) > 1.1
    numbers, shares = zip(*together['codes'])
    codes = knowledge.source.codebook.codes[list(numbers)]
    [answer] = knowledge([prompt], encode)
    average = torch.tensor(shares) / sum(shares) @ codes
    torch.testing.assert_close(answer, average)


def test_sources_without_a_classifier(knowledge):
    raw = MODELS.build(
        dict(
            type='mmkbdm.KnowledgeBase',
            source=dict(type='mmkbdm.RawText', in_dim=6, code_dim=4),
        )
    )
    [told] = retrieved_codes(raw, ['sketch, a man'], encode)
    assert told['objects'] == dict(text='a man', codes=[])
    assert 'together' not in told


@pytest.mark.parametrize('kind', ['RandomCode', 'OracleCode'])
def test_controls_are_not_asked(knowledge, kind):
    """A draw would change what comes after; there is no true image."""
    source = dict(
        type=f'mmkbdm.{kind}',
        codebook=dict(
            type='mmkbdm.FeatureCodebook', in_dim=6, num_codes=8, code_dim=4
        ),
    )
    control = MODELS.build(dict(type='mmkbdm.KnowledgeBase', source=source))
    before = torch.get_rng_state()
    [told] = retrieved_codes(control, ['sketch, a man'], encode)
    assert told['objects'] == dict(text='a man', codes=[])
    assert torch.equal(torch.get_rng_state(), before)
