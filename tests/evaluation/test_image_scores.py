import math

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_clip import write_clip
from torch import nn

from mmkbdm.evaluation.image_scores import score_images, without_scenario
from mmkbdm.evaluation.inputs.fit import fit_image
from mmkbdm.evaluation.judged import Evaluation, JudgedImage
from mmkbdm.evaluation.metrics import CLIPFeatures
from mmkbdm.evaluation.metrics.feature_distances import (
    clip_scores,
    frechet_distance,
    kernel_distance,
)

NOBODY = dict(
    keypoints=np.zeros((0, 17, 2)),
    keypoint_scores=np.zeros((0, 17)),
    scores=np.zeros(0),
    bboxes=np.zeros((0, 4)),
)


class Colours(nn.Module):
    """Means of the colours in the halves of a picture."""

    def forward(self, images):
        pooled = nn.functional.adaptive_avg_pool2d(images.float(), (1, 2))
        return pooled.flatten(1) / 255


def write(path, pixels):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
    return str(path)


@pytest.fixture
def pairs(tmp_path):
    """Images of 8x8 pixels, and wider references; two scenarios."""
    rng = np.random.default_rng(0)
    images, fake, real = [], [], []
    for i in range(9):
        fake.append(rng.integers(0, 200, (8, 8, 3), dtype=np.uint8))
        real.append(rng.integers(50, 256, (16, 24, 3), dtype=np.uint8))
        scenario = ['cartoon', 'oil_painting', ''][min(i // 4, 2)]
        images.append(
            JudgedImage(
                f'{i}.png',
                write(tmp_path / f'fake/{i}.png', fake[-1]),
                8,
                8,
                np.zeros((0, 17, 3)),
                NOBODY,
                prompt=f'{scenario.replace("_", " ")}, {"ab"[i % 2] * 3}',
                scenario=scenario,
                reference=write(tmp_path / f'real/{i}.png', real[-1]),
            )
        )
    return images, fake, [fit_image(one, (8, 8)) for one in real]


def evaluate(images):
    return Evaluation(images, {}, len(images))


def features_of(images):
    stacked = torch.as_tensor(np.stack(images)).permute(0, 3, 1, 2)
    return Colours()(stacked).numpy()


@pytest.mark.parametrize('batch_size', [2, 16])
def test_distances_are_pooled_and_by_scenario(pairs, batch_size):
    images, fake, real = pairs
    scores, columns = score_images(
        evaluate(images), Colours(), batch_size=batch_size, progress=False
    )
    fake, real = features_of(fake), features_of(real)
    close = dict(rel=1e-4, abs=1e-6)
    mean, _ = kernel_distance(real, fake)
    assert scores['FID_Colours'] == pytest.approx(
        frechet_distance(real, fake), **close
    )
    assert scores['KID_Colours'] == pytest.approx(mean, **close)
    assert scores['FID_Colours_oil_painting'] == pytest.approx(
        frechet_distance(real[4:8], fake[4:8]), **close
    )
    # A scenario without a name is none.
    assert [name for name in scores if name.startswith('FID_Colours_')] == [
        'FID_Colours_cartoon',
        'FID_Colours_oil_painting',
    ]
    assert scores['images_with_reference'] == 9 and columns == {}


def test_unreadable_or_missing_references_are_counted(pairs, tmp_path):
    images, fake, real = pairs
    (tmp_path / 'real/0.png').write_bytes(b'')
    images[1] = JudgedImage(**{**vars(images[1]), 'reference': ''})
    scores, _ = score_images(evaluate(images), Colours(), progress=False)
    assert scores['images_with_reference'] == 7
    assert scores['FID_Colours'] == pytest.approx(
        frechet_distance(features_of(real[2:]), features_of(fake[2:])),
        rel=1e-4,
    )


@pytest.mark.parametrize('count', [0, 1])
def test_too_few_images_have_no_distance(pairs, count):
    scores, _ = score_images(
        evaluate(pairs[0][:count]), Colours(), progress=False
    )
    assert math.isnan(scores['FID_Colours'])
    assert math.isnan(scores['KID_Colours'])
    assert scores['images_with_reference'] == count


def test_clip_score(pairs, tmp_path):
    folder = tmp_path / 'clip'
    folder.mkdir()
    clip = CLIPFeatures(write_clip(folder))
    images, fake, _ = pairs
    images[3] = JudgedImage(**{**vars(images[3]), 'prompt': ''})
    scores, columns = score_images(
        evaluate(images), clip=clip, batch_size=4, progress=False
    )
    kept = [i for i in range(9) if i != 3]
    stacked = torch.as_tensor(np.stack(fake)).permute(0, 3, 1, 2)
    pictures = clip(stacked[kept]).numpy()
    for name, texts in (
        ('CLIP_score', [images[i].prompt for i in kept]),
        (
            'CLIP_score_without_scenario',
            # The last one has no scenario to cut off.
            [*('ab'[i % 2] * 3 for i in kept[:-1]), ', aaa'],
        ),
    ):
        expected = clip_scores(pictures, clip.encode_text(texts).numpy())
        assert list(columns[name]) == [images[i].name for i in kept]
        np.testing.assert_allclose(
            list(columns[name].values()), expected, atol=1e-3
        )
        assert scores[name] == pytest.approx(expected.mean(), abs=1e-3)
    assert scores['images_with_prompt'] == 8
    plain = [
        JudgedImage(**{**vars(image), 'scenario': ''}) for image in images
    ]
    scores, columns = score_images(evaluate(plain), clip=clip, progress=False)
    assert list(columns) == ['CLIP_score']


@pytest.mark.parametrize(
    'prompt, scenario, expected',
    [
        ('oil painting, a man, old', 'oil_painting', 'a man, old'),
        ('oil_painting,a man', 'oil_painting', 'a man'),
        ('a man, old', 'oil_painting', 'a man, old'),
        ('a man, old', '', 'a man, old'),
        ('oil painting,', 'oil_painting', 'oil painting,'),
        ('oil painting', 'oil_painting', 'oil painting'),
    ],
)
def test_scenario_is_cut_off(prompt, scenario, expected):
    assert without_scenario(prompt, scenario) == expected
