"""Captions found by embeddings, and what the found ones agree in."""

import pytest
import torch

from mmkbdm.evaluation.metrics import CaptionRetrieval, SampleMeans
from mmkbdm.evaluation.metrics.caption_retrieval import caption_attributes

PROMPTS = (
    'sketch, a person in red running next to a ball',
    'sketch, a person in blue running',
    'mural, two people, one in red bowing and one in green waving',
    'sketch, a person in red running next to a ball',
)


def predictions(found):
    """Image i looks like the text of PROMPTS[found[i]]."""
    texts = torch.eye(4)
    texts[3] = texts[0]
    return [
        dict(image=texts[j], text=texts[i], prompt=PROMPTS[i])
        for i, j in enumerate(found)
    ]


def scores(found, **settings):
    metric = CaptionRetrieval(**settings)
    metric.process(None, predictions(found))
    scores = metric.evaluate(4)
    return {k.partition('/')[2]: v for k, v in scores.items()}


def test_equal_captions_are_both_right():
    assert scores([3, 1, 2, 0]) == dict(
        dict.fromkeys(('top1', 'top5', 'style', 'colours'), 1),
        **dict(object=1, people=1, score=100),
    )


def test_wrong_captions_may_agree_in_part():
    found = scores([1, 1, 0, 3])
    assert found['top1'] == 0.5
    assert found['top5'] == 1
    assert found['style'] == 0.75
    assert found['colours'] == 0.5
    assert found['object'] == 0.5
    assert found['people'] == 0.75
    assert found['score'] == pytest.approx(50)


def test_captions_of_other_groups_are_not_looked_at():
    assert scores([1, 1, 3, 3], group=2)['top1'] == 0.5
    assert scores([1, 0, 3, 2], group=1)['top1'] == 1


def test_attributes():
    found = caption_attributes(PROMPTS[2])
    assert found == dict(
        style='mural', colours=['green', 'red'], object=None, people=2
    )
    assert caption_attributes('')['people'] == 0


def test_means_of_samples():
    metric = SampleMeans(prefix='vae')
    metric.process(None, [dict(psnr=20.0)])
    metric.process(None, [dict(psnr=24.0), dict(psnr=25.0)])
    assert metric.evaluate(3) == {'vae/psnr': 23.0}
