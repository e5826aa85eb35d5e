"""The configs of KB-DMGen: short, by inheritance, alike for both data sets."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS

from mmkbdm.analysis.generation.variants import DATA, random_config

CONFIGS = Path('configs/kb_dmgen')
FILES = sorted(path.stem for path in CONFIGS.glob('*.py'))
NAMES = sorted({name.partition('_toy')[0] for name in FILES if 'toy' in name})
GENERATORS = [name for name in NAMES if 'stage' not in name]
# What a method names beyond another one, and nothing else.
DIFFERENCES = {
    ('controlnet', 'base'): {'model.adapter'},
    ('stablepose', 'controlnet'): {'model.masks', 'model.alpha'},
    ('dm', 'stablepose'): {'model.masks.learnable'},
    ('kb', 'stablepose'): {'model.knowledge_base', 'model.film'},
    ('kbdmgen', 'dm'): {'model.knowledge_base', 'model.film'},
    ('kbdmgen', 'kb'): {'model.masks.learnable'},
    ('kbdmgen-raw', 'kbdmgen'): {'model.knowledge_base.source'},
    ('kbdmgen-random', 'kbdmgen'): {'model.knowledge_base.source'},
    ('kbdmgen-oracle', 'kbdmgen'): {
        'model.knowledge_base.source',
        'train_dataloader.dataset.image_features',
        'train_dataloader.dataset.dataset.image_features',
        'custom_hooks',
    },
}


def read(name, data):
    return Config.fromfile(CONFIGS / f'{name}_{data}.py')


def differing(one, other, prefix=''):
    """Return the places where two nested dicts differ."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return set() if one == other else {prefix}
    places = set()
    for key in one.keys() | other.keys():
        place = f'{prefix}.{key}'.lstrip('.')
        places |= differing(one.get(key), other.get(key), place)
    return places


@pytest.mark.parametrize('name', FILES)
def test_short_and_by_inheritance(name):
    lines = (CONFIGS / f'{name}.py').read_text().splitlines()
    assert lines[0].startswith('# '), 'a config says what it is'
    assert any(line.startswith('_base_ = ') for line in lines)
    assert len(lines) <= (35 if 'oracle' in name else 25)


@pytest.mark.parametrize('name', NAMES)
def test_both_data_sets_have_it(name):
    for data in DATA.values():
        assert f'{name}_{data}' in FILES


@pytest.mark.parametrize('data', DATA.values())
@pytest.mark.parametrize(('name', 'base'), DIFFERENCES)
def test_a_method_differs_in_what_it_names(name, base, data):
    named = DIFFERENCES[name, base]
    # Top-level names are what configs compute with, no settings of a run.
    settings = [read(one, data).to_dict() for one in (name, base)]
    for one in settings:
        one.pop('knowledge_base', None)
    places = differing(*settings)
    assert places
    for place in places:
        assert any(f'{place}.'.startswith(f'{one}.') for one in named), place


@pytest.mark.parametrize('architecture', DATA)
@pytest.mark.parametrize('name', GENERATORS)
def test_generators_build(name, architecture):
    cfg = random_config(name, architecture)
    with torch.device('meta' if architecture == 'sd15' else 'cpu'):
        model = MODELS.build(cfg.model)
    assert (model.adapter is None) == (name == 'base')
    assert (model.knowledge_base is None) == (not name.startswith('kb'))
    if name.startswith('kb'):
        for film in model.adapter.film_layers.values():
            assert film.code.in_features == model.knowledge_base.code_dim


@pytest.mark.parametrize('data', DATA.values())
def test_stages_are_those_of_the_generator(data):
    """Sizes agree, and weights are taken from where stages leave them."""
    source = read('kbdmgen', data).model.knowledge_base.source
    stages = [read(f'kb_stage{i}', data) for i in (1, 2)]
    parts = [source.codebook, source.text_to_code]
    for number, stage, part in zip((1, 2), stages, parts):
        checkpoint = part.pop('init_cfg').checkpoint
        epochs = stage.train_cfg.max_epochs
        folder = f'work_dirs/kb_stage{number}_{data}'
        assert checkpoint == f'{folder}/epoch_{epochs}.pth'
        assert part.to_dict() == stage.model.to_dict()
    codebook, text_to_code = map(MODELS.build, parts)
    assert len(codebook.codes) == text_to_code.num_codes
    used = stages[1].train_dataloader.dataset
    assert used.checkpoint == 'work_dirs/' + (
        f'kb_stage1_{data}/epoch_{stages[0].train_cfg.max_epochs}.pth'
    )
    assert used.codebook.to_dict() == stages[0].model.to_dict()
