import json

import pytest
import torch

from mmkbdm.models.knowledge_base import KnowledgeBase, RawText
from mmkbdm.models.knowledge_base.part_pooling import PartPooling
from mmkbdm.registry import MODELS

TEXT_DIM, IMAGE_DIM, CODE_DIM = 6, 8, 4
CODEBOOK = dict(
    type='mmkbdm.FeatureCodebook',
    in_dim=IMAGE_DIM,
    num_codes=10,
    code_dim=CODE_DIM,
    hidden_dim=8,
)
SOURCES = dict(
    code=dict(
        type='mmkbdm.PredictedCode',
        codebook=CODEBOOK,
        text_to_code=dict(
            type='mmkbdm.TextToCode', in_dim=TEXT_DIM, num_codes=10
        ),
        top_k=3,
    ),
    random=dict(type='mmkbdm.RandomCode', codebook=CODEBOOK),
    oracle=dict(type='mmkbdm.OracleCode', codebook=CODEBOOK),
    raw=dict(type='mmkbdm.RawText', in_dim=TEXT_DIM, code_dim=CODE_DIM),
)
PROMPTS = [
    'sketch, a man running',
    'a photo of a man',
    '',
    'sketch, a dog',
    'sketch,',
]


class Texts:
    """Encodes texts and keeps them."""

    def __init__(self):
        self.seen = []

    def __call__(self, texts):
        self.seen += texts
        rows = [torch.Generator().manual_seed(len(t)) for t in texts]
        return torch.stack([torch.randn(TEXT_DIM, generator=g) for g in rows])


def build(source='code', **kwargs):
    torch.manual_seed(0)
    cfg = dict(type='mmkbdm.KnowledgeBase', source=SOURCES[source], **kwargs)
    knowledge = MODELS.build(cfg)
    knowledge.init_weights()
    torch.nn.init.normal_(knowledge.null_answer)
    return knowledge.eval()


@pytest.mark.parametrize('source', SOURCES)
def test_every_source(source):
    knowledge = build(source)
    out = knowledge(PROMPTS, Texts(), torch.randn(len(PROMPTS), IMAGE_DIM))
    assert out.shape == (5, CODE_DIM) == (5, knowledge.code_dim)
    assert [bool(row.any()) for row in out] == [True, True, False, True, True]
    out.sum().backward()
    trained = {n for n, p in knowledge.named_parameters() if p.requires_grad}
    assert trained == {
        n for n, p in knowledge.named_parameters() if p.grad is not None
    }
    assert not any('codebook' in n or 'text_to_code' in n for n in trained)
    assert ('source.projection.weight' in trained) == (source == 'raw')


def test_a_text_is_encoded_once():
    texts = Texts()
    build()(PROMPTS, texts)
    assert sorted(texts.seen) == sorted(
        ['sketch', 'a man', 'running', 'a photo of a man', 'a dog']
    )


def asked_apart(knowledge, texts):
    """The answers to the parts of all prompts, one at a time."""

    def answer(text):
        return knowledge.source(texts([text])[None])[0, 0]

    null = knowledge.null_answer
    return [
        [answer('sketch'), answer('a man'), answer('running')],
        [answer('a photo of a man')],
        None,
        [answer('sketch'), answer('a dog'), null],
        [answer('sketch'), null, null],
    ]


def test_texts_start_as_the_mean_of_the_asked_parts():
    knowledge, texts = build('raw'), Texts()
    out = knowledge(PROMPTS, texts)
    for row, parts in enumerate(asked_apart(knowledge, texts)):
        mean = torch.stack(parts).mean(0) if parts else torch.zeros(CODE_DIM)
        torch.testing.assert_close(out[row], mean)


def test_codes_start_as_those_that_all_parts_agree_on():
    knowledge, texts = build(), Texts()
    torch.nn.init.normal_(knowledge.null_answer)
    source, out = knowledge.source, knowledge(PROMPTS, texts)
    for row, parts in enumerate(asked_apart(knowledge, texts)):
        if parts is None:
            assert not out[row].any()
            continue
        product = torch.stack([part.exp() for part in parts]).prod(0)
        shares, best = product.topk(source.top_k)
        expected = shares / shares.sum() @ source.codebook.codes[best]
        torch.testing.assert_close(out[row], expected)


def test_a_part_that_knows_nothing_leaves_the_choice_to_the_others():
    """A mean of codes would be drawn towards the middle of all."""
    knowledge = build()
    source = knowledge.source
    torch.nn.init.zeros_(knowledge.null_answer)
    alone = knowledge(['sketch,'], Texts())
    [certain] = source.read(source(Texts()(['sketch'])[None]))[0]
    torch.testing.assert_close(alone[0], certain)


def test_what_a_missing_part_weighs_is_the_same_everywhere():
    """Which of equal codes are the best five is up to the device."""
    knowledge = build()
    torch.nn.init.zeros_(knowledge.null_answer)
    torch.nn.init.normal_(knowledge.pooling.query, std=9)
    before = knowledge.ask(PROMPTS, Texts()).weights
    # Raises other entries of the null answer above the rest, by nothing.
    knowledge.null_answer.data[-3:] += 1e-30
    torch.testing.assert_close(knowledge.ask(PROMPTS, Texts()).weights, before)


@pytest.mark.parametrize('source', ['random', 'oracle'])
def test_a_code_that_no_text_found_is_whole_without_a_status(source):
    knowledge = build(source)
    torch.nn.init.normal_(knowledge.pooling.query, std=9)
    prompts = ['sketch, a man running', 'sketch, a man', 'sketch,']
    out = knowledge(prompts, Texts(), torch.randn(3, IMAGE_DIM))
    torch.testing.assert_close(out.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize('source', ['code', 'random', 'raw'])
def test_half_precision(source):
    knowledge, texts = build(source), Texts()

    def ask():
        chance = torch.Generator().manual_seed(0)
        return knowledge(PROMPTS, texts, generator=chance)

    expected = ask()
    knowledge.bfloat16()
    out = ask()
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), expected, rtol=0.05, atol=0.05)


def test_does_not_depend_on_the_batch():
    knowledge = build()
    torch.nn.init.normal_(knowledge.pooling.query, std=9)
    out = knowledge(PROMPTS, Texts())
    for row, prompt in enumerate(PROMPTS):
        alone = knowledge([prompt], Texts())[0]
        torch.testing.assert_close(alone, out[row])
    assert knowledge([], Texts()).shape == (0, CODE_DIM)


def test_without_decomposing_a_prompt_is_one_query():
    texts = Texts()
    build(decompose=False)(PROMPTS, texts)
    assert texts.seen == [p for p in PROMPTS if p]


@pytest.mark.parametrize('source', SOURCES)
def test_empty_prompts_have_no_code_and_all_learns_on(source):
    """Distributed training wants a gradient of everything in every step."""
    knowledge = build(source).train()
    out = knowledge(['', ' \n'], Texts(), torch.randn(2, IMAGE_DIM))
    assert out.shape == (2, CODE_DIM) and not out.any()
    out.sum().backward()
    for name, value in knowledge.named_parameters():
        assert (value.grad is not None) == value.requires_grad, name


def test_strange_prompts():
    strange = ['sketch,' + 'running ' * 1250, '\ud800', '人' * 10_000, '\0']
    assert build()(strange, Texts()).isfinite().all()


def test_codes_are_dropped_in_training_only():
    knowledge = build(drop_prob=0.25)
    prompts = ['sketch, a man'] * 2000

    def share():
        dropped = knowledge(prompts, Texts()) == 0
        return dropped.all(1).float().mean()

    assert share() == 0
    knowledge.train()
    assert 0.2 < share() < 0.3
    assert not knowledge.source.codebook.training
    assert not knowledge.source.text_to_code.training


def test_arg_max_answers_with_codes():
    knowledge = build()
    knowledge.source.top_k = 1
    out = knowledge(['a photo of a man'], Texts())
    assert (knowledge.source.codebook.codes == out).all(1).any()


def test_random_codes_follow_their_generators():
    knowledge = build('random')
    prompts = ['a man'] * 40

    def draw(seeds):
        generators = [torch.Generator().manual_seed(s) for s in seeds]
        return knowledge(prompts, Texts(), generator=generators)

    first = draw(range(40))
    assert torch.equal(first, draw(range(40)))
    assert torch.equal(first[5:6], draw([5] * 40)[:1])
    assert len(first.unique(dim=0)) > 5
    parts = ['sketch, a man running'] * 40
    one = knowledge(parts, Texts())[0]
    assert (knowledge.source.codebook.codes - one).norm(dim=1).min() < 1e-6
    one = torch.Generator().manual_seed(0)
    again = knowledge(prompts, Texts(), generator=one)
    assert not torch.equal(again, knowledge(prompts, Texts(), generator=one))


def test_oracle_is_the_code_of_the_image():
    knowledge = build('oracle')
    images = torch.randn(2, IMAGE_DIM)
    out = knowledge(['sketch, a man running', 'a man'], Texts(), images)
    codebook = knowledge.source.codebook
    torch.testing.assert_close(out, codebook.codes[codebook.encode(images)])
    with pytest.raises(ValueError, match='needs image_features'):
        knowledge(['a man'], Texts())


@pytest.mark.parametrize('source', SOURCES)
def test_report_says_what_answers(source):
    knowledge = build(source, decompose=False, drop_prob=0.3)
    told = knowledge.describe()
    json.dumps(told)
    assert (told['decompose'], told['drop_prob']) == (False, 0.3)
    told = told['source']
    kind = SOURCES[source]['type'].partition('.')[2]
    assert (told['type'], told['code_dim']) == (kind, CODE_DIM)
    assert told.get('num_codes') == (None if source == 'raw' else 10)
    parts = dict(raw=set(), code={'codebook', 'text_to_code'})
    hashes = told['parameters_sha256']
    assert set(hashes) == parts.get(source, {'codebook'})
    for part in hashes:
        for value in getattr(knowledge.source, part).parameters():
            value.data += 1
    changed = knowledge.describe()['source']['parameters_sha256']
    assert all(changed[part] != hashes[part] for part in hashes)


def test_bad_settings():
    with pytest.raises(ValueError, match=r'drop_prob=1\.5'):
        KnowledgeBase(RawText(4), drop_prob=1.5)
    small = dict(SOURCES['code']['text_to_code'], num_codes=9)
    with pytest.raises(ValueError, match='num_codes=9'):
        MODELS.build(dict(SOURCES['code'], text_to_code=small))
    with pytest.raises(ValueError, match='top_k=11 must be between 1 and'):
        MODELS.build(dict(SOURCES['code'], top_k=11))


def test_pooling_prefers_what_its_query_asks_for():
    torch.manual_seed(0)
    pooling = PartPooling(CODE_DIM, 3)
    codes = torch.randn(2, 3, CODE_DIM, requires_grad=True)
    answers = torch.randn(2, 3, 7, requires_grad=True)
    asked = torch.tensor([[True, True, False], [False, False, False]])
    out, weights = pooling(codes, answers, asked)
    torch.testing.assert_close(out[0], answers[0, :2].sum(0))
    assert weights.tolist() == [[1, 1, 0], [0, 0, 0]]
    with torch.no_grad():
        pooling.query.copy_(1e4 * pooling.key(codes[0, 1]))
        wanted = (pooling.key(codes[0]) + pooling.slots) @ pooling.query
    out, weights = pooling(codes, answers, asked)
    best = wanted[:2].argmax()
    torch.testing.assert_close(out[0], 2 * answers[0, best])
    assert weights[0, best] == 2
    assert not out[1].any()
    out.sum().backward()
    assert answers.grad.isfinite().all() and not answers.grad[1].any()
    assert codes.grad.isfinite().all() and not codes.grad[1].any()
    assert pooling.query.grad.isfinite().all()
