"""The supervised hierarchical networks that the configs describe."""

import functools

import pytest
import torch
from matrix import (
    CONFIGS,
    build,
    load,
    metainfo,
    open_gates,
    people,
    predict,
    thin,
    thin_resnets,
)
from mmpose.registry import MODELS

NAMES = sorted(p.stem for p in CONFIGS.glob('*hier-rmpg*.py'))
# Host, neck and predictors.
PARAMETERS = {
    'hourglass52_hier-rmpg_coco': (94_847_889, 6_139_904, 7_667),
    'hrnet_w32_hier-rmpg_coco': (28_536_113, 97_280, 1_003),
    'hrnet_w32_hier-rmpg_crowdpose': (28_536_014, 97_280, 826),
    'hrnet_w32_hier-rmpg_mpii': (28_536_080, 97_280, 953),
    'rtmpose_m_hier-rmpg_coco': (13_587_611, 6_534_912, 7_667),
    'simplebaseline_res50_hier-rmpg_coco': (33_999_697, 7_192_832, 7_667),
    'simplebaseline_res50_hier-rmpg_crowdpose': (
        33_998_926,
        7_192_832,
        6_314,
    ),
    'simplebaseline_res50_hier-rmpg_mpii': (33_999_440, 7_192_832, 7_281),
}


def count(module):
    return sum(p.numel() for p in module.parameters())


@functools.cache
def on_meta(name):
    with torch.device('meta'):
        return MODELS.build(load(name).model)


@pytest.mark.parametrize('name', NAMES)
class TestConfig:
    @pytest.fixture
    def model(self, name):
        return on_meta(name)

    def test_parameters(self, model, name):
        host, *added = PARAMETERS[name]
        assert [count(model.neck), count(model.auxiliary)] == added
        assert count(model) == host + sum(added)

    def test_is_short(self, name):
        lines = (CONFIGS / f'{name}.py').read_text().splitlines()
        assert 10 <= len(lines) <= 25
        assert lines[0].startswith('# ')

    def test_whole_halves_and_quarters(self, model, name):
        levels = [(v.stage, v.level, len(v.joints)) for v in model.levels]
        assert levels == [(0, 0, 1), (1, 1, 2), (2, 2, 4)]

    def test_joints_are_those_of_the_data(self, model, name):
        info = metainfo(load(name))
        for key in ('dataset_name', 'keypoint_name2id', 'flip_indices'):
            assert model.metainfo[key] == info[key]

    def test_trains_and_flips(self, name, monkeypatch):
        thin_resnets(monkeypatch)
        cfg = thin(load(name))
        model = build(cfg)
        open_gates(model)
        data = people(cfg, model, batch_size=2)
        loss, log = model.parse_losses(model.loss(**data))
        assert [key for key in log if 'node' in key] == [
            f'loss_node_{level}_{level}' for level in range(3)
        ]
        loss.backward()
        for key, parameter in model.named_parameters():
            # MMPose's Hourglass of one stack has parameters it never uses.
            assert '.inters.' in key or parameter.grad is not None, key
        joints, _ = predict(model, data)
        assert joints.shape == (2, cfg.model.head.out_channels, 3)
        assert joints.isfinite().all()
