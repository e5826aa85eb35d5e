"""What a generator does with strange prompts, poses and sizes."""

import numpy as np
import pytest
import torch
from tiny_generator import batch, build, config, full, generators, wake

from mmkbdm.apis.errors import PreflightError
from mmkbdm.visualization.pose_drawing import draw_pose

STRANGE = {
    'empty': '',
    'blank': ' \n\t',
    'no type': 'a man on a horse',
    'unknown type': 'no_such_style, a man running',
    'type alone': 'oil_painting,',
    'long word': 'a' * 10_000,
    'long': 'oil_painting, ' + 'running ' * 1250,
    'foreign': '一个男人在跑步, מישהו רץ, é ß Ω 🙂',
    'half a pair': 'a man \ud800 running',
    'zero': 'a\0b',
}


@pytest.fixture(scope='module')
def model():
    """KB-DMGen as if it were trained."""
    model = build(full())
    wake(model.adapter, scale=0.5)
    return model


def pictures(model, given, **call):
    return model.generate(given, generators(len(given['prompt'])), **call)


def test_strange_prompts(model):
    given = batch(1)
    plain = pictures(model, dict(given, prompt=['']))
    for name, prompt in STRANGE.items():
        image = pictures(model, dict(given, prompt=[prompt]))
        assert image.shape == (1, 3, 64, 64), name
        same = torch.equal(image, plain)
        assert same == (name in ('empty', 'blank')), name
    for start in (0, 5):
        prompts = list(STRANGE.values())[start : start + 5]
        given = dict(batch(5), prompt=prompts)
        assert model.train()(**given)['loss'].isfinite()
    model.eval()


def test_what_the_tokenizer_cuts_changes_nothing_but_the_code():
    """24 tokens are read; the knowledge base parses the whole."""
    model = build(config())
    wake(model.adapter, scale=0.5)
    given = batch(1)
    cut = pictures(model, dict(given, prompt=['run ' * 200]))
    longer = pictures(model, dict(given, prompt=['run ' * 2500]))
    assert torch.equal(cut, longer)


def drawn(poses):
    image = draw_pose(poses, 64, 64)
    return torch.from_numpy(image.transpose(2, 0, 1))


def people(count, shift=0.0):
    rng = np.random.default_rng(0)
    poses = np.full((count, 17, 3), 2.0)
    poses[..., :2] = rng.uniform(4, 60, (count, 17, 2)) + shift
    return poses


def test_nobody_and_people_outside_are_the_same_to_it(model):
    nobody, outside, eleven = (
        drawn(poses) for poses in (people(0), people(3, shift=1e6), people(11))
    )
    assert torch.equal(nobody, outside) and not nobody.any()
    given = dict(batch(1), condition=[nobody])
    empty = pictures(model, given)
    assert empty.float().std() > 0
    crowd = pictures(model, dict(given, condition=[eleven]))
    assert not torch.equal(crowd, empty)
    for condition in (nobody, eleven):
        given = dict(batch(1), condition=[condition])
        assert model.train()(**given)['loss'].isfinite()
    model.eval()


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(prompt=[None]), 'prompt 0 is None'),
        (dict(prompt=['a', 'b']), '2 prompts and 1 of condition'),
        (
            dict(condition=[torch.zeros(3, 64, 64)]),
            r'condition is torch\.float32 \(3, 64, 64\)',
        ),
        (
            dict(condition=[torch.zeros(64, 64, 3, dtype=torch.uint8)]),
            r'condition is torch\.uint8 \(64, 64, 3\)',
        ),
        (
            dict(condition=[torch.zeros(3, 64, 60, dtype=torch.uint8)]),
            '60x64 pixels: both sides must be multiples of 8',
        ),
    ],
)
@pytest.mark.parametrize('training', [True, False])
def test_inputs_that_are_refused(model, changes, words, training):
    given = dict(batch(1), **changes)
    with pytest.raises(PreflightError, match=words) as caught:
        if training:
            model(**given)
        else:
            model.generate(given, generators(1))
    assert '\n' not in str(caught.value)


def test_one_generator_each(model):
    with pytest.raises(PreflightError, match='2 prompts and 1 of generator'):
        model.generate(batch(2), generators(1))


def test_weights_that_are_not_there(tmp_path):
    gone = dict(
        type='AutoencoderKL',
        from_pretrained=str(tmp_path / 'gone'),
        subfolder='vae',
    )
    with pytest.raises(PreflightError, match='gone/vae does not exist'):
        build(config(vae=gone))
