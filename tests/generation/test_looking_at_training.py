import random

import numpy as np
import pytest
import torch
from toy_parts import ToyGenerator

from mmkbdm.generation.best_score import infer_rule, is_better
from mmkbdm.generation.picture import grid, side_by_side
from mmkbdm.generation.undisturbed import kept_chance, undisturbed


def draw():
    return random.random(), np.random.rand(), torch.rand(1).item()


@pytest.mark.parametrize('fails', [False, True])
def test_training_notices_nothing(fails):
    model = ToyGenerator().train()
    model.frozen.eval()
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    expected = draw()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    try:
        with undisturbed(model):
            assert not any(one.training for one in model.modules())
            assert not torch.is_grad_enabled()
            draw(), torch.manual_seed(5)
            if fails:
                raise RuntimeError
    except RuntimeError:
        assert fails
    assert draw() == expected
    assert model.training and model.dropout.training
    assert not model.frozen.training
    assert torch.is_grad_enabled()


def test_only_the_own_gpu_is_looked_at(monkeypatch):
    seen = []
    fork = torch.random.fork_rng

    def recorded(devices):
        seen.append(list(devices))
        return fork([])

    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'current_device', lambda: 3)
    monkeypatch.setattr(torch.random, 'fork_rng', recorded)
    with kept_chance():
        pass
    assert seen == [[3]]


def test_which_score_is_better():
    for name in ('pose/AP', 'pose/AP_medium', 'pose/CAP50', 'image/CLIP_x'):
        assert infer_rule(name) == 'greater'
    for name in ('pose/PCE', 'pose/PCE_2to3', 'image/FID_CLIPFeatures'):
        assert infer_rule(name) == 'less'
    for name in ('AP', 'pose/loss', 'image/sharpness'):
        with pytest.raises(ValueError, match='save_best='):
            infer_rule(name)
    assert is_better(1, None, 'less') and is_better(0, 1, 'less')
    assert not is_better(1, 1, 'less') and not is_better(2, 1, 'less')
    assert is_better(2, 1, 'greater')
    assert not is_better(float('nan'), None, 'greater')


def test_pictures_show_who_was_found():
    condition = torch.zeros(3, 64, 48, dtype=torch.uint8)
    condition[0] = 200
    image = np.full((64, 48, 3), 30, np.uint8)
    people = dict(
        keypoints=np.random.default_rng(0).uniform(5, 40, (2, 17, 2)),
        keypoint_scores=np.ones((2, 17)),
        scores=np.array([0.9, 0.1]),
    )
    picture = side_by_side(dict(condition=condition), image, people)
    height, width = picture.shape[:2]
    assert (height, width) == (64 * 6, 2 * 48 * 6)
    assert (picture[:, : width // 2] == (200, 0, 0)).all()
    drawn = (picture[:, width // 2 :] != 30).any(-1)
    assert 0.01 < drawn.mean() < 0.9
    nobody = {k: v[:0] for k, v in people.items()}
    empty = side_by_side(dict(condition=condition), image, nobody)
    assert (empty[:, width // 2 :] == 30).all()
    # The second one is too unsure to be counted.
    first = {k: v[:1] for k, v in people.items()}
    np.testing.assert_array_equal(
        picture, side_by_side(dict(condition=condition), image, first)
    )
    page = grid([picture, empty])
    assert page.dtype == np.uint8 and page.shape[2] == 3
    # RGB: the condition is red.
    assert (page == (200, 0, 0)).all(-1).mean() > 0.2
