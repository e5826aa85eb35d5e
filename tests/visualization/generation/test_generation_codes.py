import json

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_clip import write_clip
from tiny_knowledge import SOURCE
from tiny_view import PROMPT, make_job

from mmkbdm.apis.errors import PreflightError
from mmkbdm.registry import MODELS
from mmkbdm.visualization.generation.codes import codes_page, mosaic
from mmkbdm.visualization.generation.training_images import (
    TrainingImages,
    near_images,
    read_training_images,
)
from mmkbdm.visualization.generation.view import look_at_generation


def images_of(count):
    """One grey value each."""
    return TrainingImages(
        torch.randn(count, 6, generator=torch.Generator().manual_seed(0)),
        lambda i: np.full((64, 48, 3), i, np.uint8),
    )


@pytest.fixture
def stage1(tmp_path_factory):
    """A config of stage 1 on twelve images, by a tiny CLIP."""
    root = tmp_path_factory.mktemp('stage1')
    (root / 'clip').mkdir()
    write_clip(root / 'clip')
    (root / 'encoder.py').write_text(
        "features = dict(type='mmkbdm.CLIPFeatures', "
        f"name_or_path='{root}/clip')\n"
    )
    images = []
    for i in range(12):
        colour = np.random.default_rng(i).integers(0, 256, 3)
        cv2.imwrite(
            str(root / f'{i}.png'), np.full((40, 50, 3), colour, np.uint8)
        )
        images.append(
            dict(id=i, file_name=f'{i}.png', height=40, width=50)
            | dict(description='sketch, a man', category='sketch')
        )
    ann = root / 'ann.json'
    ann.write_text(json.dumps(dict(images=images, annotations=[])))
    steps = [
        dict(type='mmkbdm.LoadImage'),
        dict(type='mmkbdm.ResizeCenterCrop', size=32),
    ]
    dataset = dict(
        type='mmkbdm.ToyHumanPoseText',
        ann_file=str(ann),
        data_root=str(root),
        pipeline=steps,
    )
    features = dict(
        type='mmkbdm.ImageFeatures',
        encoder=str(root / 'encoder.py'),
        cache=str(root / 'cache'),
        dataset=dataset,
    )
    config = root / 'stage1.py'
    config.write_text(f'train_dataloader = dict(dataset={features})\n')
    return config


def test_training_images_are_features_and_pictures(stage1):
    training = read_training_images(str(stage1))
    assert training.features.shape == (12, 8)
    picture = training.load(3)
    bgr = np.random.default_rng(3).integers(0, 256, 3)
    assert picture.shape == (32, 32, 3)
    np.testing.assert_array_equal(picture[9, 9], bgr[::-1])


def test_other_configs_are_refused():
    config = 'configs/kb_dmgen/kb_stage2_toy.py'
    with pytest.raises(PreflightError, match='is not of stage 1'):
        read_training_images(config)
    config = 'configs/evaluation/toyhuman_val.py'
    with pytest.raises(PreflightError, match='is not of stage 1'):
        read_training_images(config)


@torch.no_grad()
def test_nearest_images_of_codes():
    torch.manual_seed(0)
    codebook = MODELS.build(SOURCE['codebook']).eval()
    training = images_of(30)
    near = near_images(codebook, training, [5, 0], 4)
    vectors = codebook.encoder(F.normalize(training.features, dim=-1))
    cosine = F.cosine_similarity(
        vectors[:, None], codebook.codes[None], dim=-1
    )
    assert list(near) == [5, 0]
    for code, found in near.items():
        order = cosine[:, code].argsort(descending=True)[:4]
        assert [int(image[0, 0, 0]) for image in found.images] == list(order)
        assert (
            found.count == (codebook.encode(training.features) == code).sum()
        )
    few = near_images(codebook, images_of(2), [1], 4)
    assert len(few[1].images) == 2


def test_features_of_another_encoder():
    codebook = MODELS.build(SOURCE['codebook'])
    other = TrainingImages(torch.randn(3, 9), None)
    with pytest.raises(PreflightError, match='9 dimensions.* in_dim=6'):
        near_images(codebook, other, [0], 4)


def test_codes_as_numbers(view, texts, tmp_path):
    page = codes_page(view)
    [parts] = view.pipeline.codes([PROMPT])
    assert page.panels.shape == (4, 4)
    shown = texts(page)
    for panels, (slot, part) in zip(page.panels, parts.items()):
        said = panels[0].texts[0].get_text()
        if slot == 'together':
            assert said.startswith('together\nwhat the parts agree')
        else:
            assert said.startswith(f'{slot}: counts {part["weight"]:.2f}\n')
            assert f'"{part["text"]}"' in said
        for ax, (code, share) in zip(panels[1:], part['codes']):
            assert ax.get_title() == f'code {code}: {share:.0%}'
            assert ax.texts[0].get_text() == str(code)
    assert any('without the training data' in text for text in shown)
    assert page.save(tmp_path / 'page.png').is_file()


def test_codes_as_images(view, texts, tmp_path):
    training = images_of(30)
    page = codes_page(view, training)
    [parts] = view.pipeline.codes([PROMPT])
    codebook = view.pipeline.knowledge_base.net.source.codebook
    for panels, part in zip(page.panels, parts.values()):
        for ax, (code, share) in zip(panels[1:], part['codes']):
            near = near_images(codebook, training, [code], 6)[code]
            title = f'code {code}: {share:.0%}\nstands for {near.count}'
            assert ax.get_title() == title
            np.testing.assert_array_equal(
                ax.images[0].get_array(), mosaic(near.images)
            )
    assert any('all 30 images' in text for text in texts(page))
    assert page.save(tmp_path / 'page.png').is_file()


def test_a_part_that_is_missing(pipeline):
    """It is a learned code, and asks for none."""
    job = make_job(prompt='sketch, a man')
    view = look_at_generation(pipeline, job, [0])
    page = codes_page(view, images_of(9))
    said = [panels[0].texts[0].get_text() for panels in page.panels]
    assert said[2].startswith('status: counts')
    assert 'not in the prompt' in said[2]
    assert not any(ax.images for ax in page.panels[2])
    assert all(ax.images for ax in page.panels[1, 1:])


def test_mosaic():
    tiles = [np.full((9, 9, 3), i, np.uint8) for i in (10, 20, 30, 40)]
    page = mosaic(tiles)
    assert page.shape == (128, 192, 3)
    assert page[::64, ::64, 0].tolist() == [[10, 20, 30], [40, 255, 255]]
