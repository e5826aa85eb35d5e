"""CLIP learns which text belongs to which image."""

import pytest
import torch
import torch.nn.functional as F
from tiny_foundation import contrast, fit, images, tokenizer

from mmkbdm.evaluation.metrics import CaptionRetrieval
from mmkbdm.models.foundation.text_image_contrast import (
    _augment,
    contrastive_loss,
)


def test_learns_colours():
    model = contrast()
    batch = images().gather(torch.arange(8))
    first, last = fit(model, batch, 60, 1e-2)
    # Four images share each of the two captions: log 4 is the floor.
    assert first > 1.8
    assert last == pytest.approx(torch.tensor(4.0).log().item(), abs=0.05)
    metric = CaptionRetrieval()
    with torch.no_grad():
        metric.process(None, model(**batch, mode='predict'))
    scores = metric.evaluate(8)
    assert scores['caption/top1'] == 1 and scores['caption/colours'] == 1


def test_loss_is_clips_where_texts_differ():
    logits = torch.randn(5, 5)
    target = torch.arange(5)
    wanted = F.cross_entropy(logits, target) + F.cross_entropy(
        logits.T, target
    )
    found = contrastive_loss(logits, torch.eye(5, dtype=torch.bool))
    assert torch.allclose(found, wanted / 2)


def test_equal_texts_are_all_right_answers():
    same = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).bool()
    best = torch.where(same, 50.0, 0.0)
    floor = 2 / 3 * torch.tensor(2.0).log()
    assert torch.allclose(contrastive_loss(best, same), floor)


def test_augmentation_mirrors_and_moves():
    image = torch.arange(64, dtype=torch.uint8).view(1, 1, 8, 8)
    image = image.expand(200, 3, 8, 8)
    torch.manual_seed(0)
    moved = _augment(image, 0)
    share = (moved[:, 0, 0, 0] == 7).float().mean()
    assert 0.35 < share < 0.65
    assert len({_augment(image[:1], 2)[0, 0, 4, 4].item() for _ in range(40)})
    assert _augment(image, 3).shape == image.shape


def test_tower_that_does_not_fit_the_tokenizer():
    model = contrast()
    model.clip.config.text_config.eos_token_id = 2
    with pytest.raises(ValueError, match='eos_token_id=2 must be'):
        type(model)(model.clip, tokenizer())


def test_weights_are_transformers_own():
    model = contrast()
    before = {k: v.clone() for k, v in model.clip.state_dict().items()}
    model.init_weights()
    after = model.clip.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in after)
    assert after['logit_scale'].item() == pytest.approx(2.6592)
