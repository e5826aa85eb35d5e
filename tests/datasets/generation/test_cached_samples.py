"""Samples that are decoded, drawn and encoded once."""

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from generation_files import PIPELINE, coco_content, image_file, write_coco
from mmengine.dataset import default_collate, pseudo_collate

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.generation import encoded
from mmkbdm.datasets.generation.fixed_samples import FixedSamples
from mmkbdm.datasets.transforms import draw_pose
from mmkbdm.datasets.transforms.pose_crop import PoseCrop
from mmkbdm.models.generators.parts import build_part
from mmkbdm.registry import DATASETS, TRANSFORMS

sys.path.append(str(Path(__file__).parents[2] / 'models' / 'generators'))

from tiny_generator import (
    TEXT,
    TOKENIZER,
    VAE,
    build,
    config,
    full,
    wake,
)


@pytest.fixture(scope='module')
def parts(tmp_path_factory):
    """Folders of a VAE and a text encoder, for dataset and model."""
    folder = tmp_path_factory.mktemp('parts')
    torch.manual_seed(0)
    found = dict(tokenizer=TOKENIZER)
    for name, cfg in (('vae', VAE), ('text_encoder', TEXT)):
        build_part(cfg, name).save_pretrained(folder / name)
        path = str(folder / name)
        found[name] = dict(type=cfg['type'], from_pretrained=path)
    return found


@TRANSFORMS.register_module()
class WholeImage(PoseCrop):
    """Leaves an image as large as it is."""

    def __init__(self):
        super().__init__(1)

    def choose(self, results):
        height, width = results['img'].shape[:2]
        self.size = width, height
        return 0, 0, width, height


def dataset(root, pipeline=PIPELINE, **settings):
    if not (root / 'ann.json').exists():
        write_coco(root, coco_content())
    return dict(
        type='mmkbdm.HumanArtPoseText',
        ann_file='ann.json',
        data_root=str(root),
        pipeline=pipeline,
        **settings,
    )


def cached(root, inner=None, **settings):
    return DATASETS.build(
        dict(
            type='mmkbdm.CachedSamples',
            dataset=inner or dataset(root),
            cache=str(root / 'cache'),
            **settings,
        )
    )


@pytest.fixture
def computed(monkeypatch):
    """What is decoded and encoded, in order."""
    found = []

    def watch(owner, name, what):
        inner = getattr(owner, name)

        def watched(*args, **kwargs):
            found.append(what)
            return inner(*args, **kwargs)

        monkeypatch.setattr(owner, name, watched)

    watch(FixedSamples, '_make', 'image')
    watch(encoded, 'image_moments', 'moments')
    watch(encoded, 'encode_tokens', 'texts')
    return found


def test_samples_are_those_of_the_dataset(tmp_path, computed):
    plain = DATASETS.build(dataset(tmp_path))
    cached(tmp_path)
    computed.clear()
    kept = cached(tmp_path)
    assert computed == ['image'], 'the first tells changes of the code'
    for sample, expected in zip(kept, plain, strict=True):
        assert sample.pop('made_by') == {}
        assert sample.keys() == {'image', 'condition', 'prompt', 'img_id'}
        for key, value in sample.items():
            assert np.array_equal(value, expected[key])
    assert len(kept) == 3 and kept.metainfo == plain.metainfo
    batch = default_collate([kept[i] for i in (2, 0)])
    assert batch['image'].shape == (2, 3, 64, 64)
    assert batch['prompt'] == [plain[i]['prompt'] for i in (2, 0)]
    # Workers that do not fork get the paths.
    again = pickle.loads(pickle.dumps(kept))
    assert torch.equal(again[1]['image'], plain[1]['image'])


def test_made_again_where_something_changed(tmp_path, computed, parts):
    base = dict(parts)

    def made(**changes):
        computed.clear()
        cached(tmp_path, **base, **changes)
        return computed

    def all_of_it():
        # One for its checksum, three for the cache.
        return made().count('image') == 4 and 'moments' in computed

    assert all_of_it()
    # Prompts, and their parts.
    assert computed.count('texts') == 2
    assert made() == ['image']
    content = json.loads((tmp_path / 'ann.json').read_text())
    content['annotations'][0]['keypoints'][0] += 3
    (tmp_path / 'ann.json').write_text(json.dumps(content))
    assert all_of_it()
    image_file(tmp_path / '1.png')
    assert all_of_it()
    thin = dict(type='mmkbdm.DrawPose', line_width=3)
    inner = dataset(tmp_path, [*PIPELINE[:2], thin, PIPELINE[3]])
    assert made(inner=inner).count('image') == 4
    assert all_of_it()


def test_made_again_by_another_encoder(tmp_path, computed, parts):
    cached(tmp_path, **parts)
    computed.clear()
    torch.manual_seed(3)
    cached(tmp_path, **dict(parts, vae=VAE))
    assert computed == ['image', 'moments']
    computed.clear()
    cached(tmp_path, **dict(parts, vae=VAE, text_encoder=TEXT))
    assert computed.count('texts') == 2
    computed.clear()
    changed = dict(parts, vae=VAE, text_encoder=TEXT)
    words = TOKENIZER['vocab']
    words = {**words, 'a': words['b'], 'b': words['a']}
    changed['tokenizer'] = dict(TOKENIZER, vocab=words)
    cached(tmp_path, **changed)
    assert 'texts' in computed, 'other tokens'


def test_a_change_of_the_code_is_seen(tmp_path, computed, monkeypatch):
    cached(tmp_path)
    inner = draw_pose.draw_pose
    monkeypatch.setattr(
        draw_pose, 'draw_pose', lambda *args: 255 - inner(*args)
    )
    computed.clear()
    kept = cached(tmp_path)
    assert computed.count('image') == 4
    assert kept[2]['condition'].all()


@pytest.mark.parametrize('collate', [default_collate, pseudo_collate])
@pytest.mark.parametrize('pixels', [True, False])
def test_a_generator_learns_the_same_with_and_without(
    tmp_path, parts, collate, pixels, monkeypatch
):
    plain = DATASETS.build(dataset(tmp_path))
    kept = cached(tmp_path, pixels=pixels, **parts)
    model = build(full(**parts)).train()
    wake(model.adapter)

    def loss(samples, collate):
        batch = collate([samples[i] for i in range(3)])
        torch.manual_seed(5)
        return model(**batch, mode='loss')['loss'].detach()

    expected = [loss(plain, pseudo_collate) for _ in range(2)]
    assert expected[0] == expected[1]
    # Neither the VAE nor, but for the empty prompt, the text encoder run.
    monkeypatch.setattr(model.base.vae, 'encode', None)
    asked = []
    inner = model.base._encode
    monkeypatch.setattr(
        model.base, '_encode', lambda p: asked.append(p) or inner(p)
    )
    torch.testing.assert_close(loss(kept, collate), expected[0])
    assert asked == [['']]


def test_another_base_than_that_of_the_cache_is_refused(tmp_path, parts):
    kept = cached(tmp_path, **parts)
    batch = default_collate([kept[i] for i in range(2)])
    for name, cfg in (('vae', VAE), ('text_encoder', TEXT)):
        model = build(config(**dict(parts, **{name: cfg})), seed=9).train()
        with pytest.raises(PreflightError, match=f'another {name} than'):
            model(**batch)
    model = build(config(**parts)).train()
    batch['condition'] = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    with pytest.raises(PreflightError, match='give both one size'):
        model(**batch)


def test_flips_stay_random(tmp_path, parts, monkeypatch):
    flip = dict(type='mmkbdm.RandomPoseFlip', prob=0.3)
    pipeline = [*PIPELINE[:2], flip, *PIPELINE[2:]]
    kept = cached(tmp_path, dataset(tmp_path, pipeline), vae=parts['vae'])
    both = []
    for prob in (0.0, 1.0):
        one = [*PIPELINE[:2], dict(flip, prob=prob), *PIPELINE[2:]]
        both.append(DATASETS.build(dataset(tmp_path, one))[1]['condition'])
    assert not torch.equal(*both)
    np.random.seed(0)
    seen = [kept[1] for _ in range(400)]
    flipped = [torch.equal(one['condition'], both[1]) for one in seen]
    assert 90 < sum(flipped) < 150
    assert all(
        torch.equal(one['condition'], both[int(side)])
        for one, side in zip(seen, flipped)
    )
    # The moments are of the same side.
    sides = {
        side: one['moments'] for one, side in zip(seen, flipped, strict=True)
    }
    assert not torch.equal(sides[0], sides[1])
    model = build(config(**parts))
    for side, moments in sides.items():
        image = DATASETS.build(
            dataset(
                tmp_path,
                [*PIPELINE[:2], dict(flip, prob=float(side)), *PIPELINE[2:]],
            )
        )[1]['image']
        found = encoded.image_moments(model.base.vae, image[None])[0]
        torch.testing.assert_close(moments, found, atol=1e-5, rtol=1e-5)


def test_without_chance_numpy_is_not_asked(tmp_path):
    kept = cached(tmp_path)
    np.random.seed(0)
    kept[0]
    after = np.random.random()
    np.random.seed(0)
    assert after == np.random.random()


def test_what_cannot_be_cached(tmp_path, parts):
    crop = dict(type='mmkbdm.RandomPoseCrop', size=64)
    with pytest.raises(PreflightError, match='RandomPoseCrop'):
        cached(tmp_path, dataset(tmp_path, [PIPELINE[0], crop]))
    with pytest.raises(PreflightError, match="caption='first'"):
        cached(tmp_path, dataset(tmp_path, caption='random'))
    gone = dict(type='AutoencoderKL', from_pretrained='/no/folder')
    with pytest.raises(PreflightError, match='/no/folder does not exist'):
        cached(tmp_path, vae=gone)
    skipping = [dict(PIPELINE[0], on_error='skip'), *PIPELINE[1:]]
    inner = dataset(tmp_path, skipping)
    (tmp_path / '1.png').write_bytes(b'no image')
    with pytest.raises(PreflightError, match='1.png is to be skipped'):
        cached(tmp_path, inner)


def test_images_of_several_sizes(tmp_path):
    content = coco_content()
    write_coco(tmp_path, content)
    content['images'][2].update(width=50)
    (tmp_path / 'ann.json').write_text(json.dumps(content))
    image_file(tmp_path / '2.png', width=50)
    pipeline = [PIPELINE[0], dict(type='mmkbdm.WholeImage'), *PIPELINE[2:]]
    with pytest.raises(PreflightError, match='2.png becomes 50x40 pixels'):
        cached(tmp_path, dataset(tmp_path, pipeline))
