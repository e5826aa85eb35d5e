"""Weights of both stages: whole or not at all."""

import pytest
import torch

from mmkbdm.apis.errors import PreflightError
from mmkbdm.compat.checkpoint import CheckpointError
from mmkbdm.registry import MODELS

CODEBOOK = dict(
    type='mmkbdm.FeatureCodebook',
    in_dim=8,
    num_codes=10,
    code_dim=4,
    hidden_dim=8,
)
TEXTS = dict(type='mmkbdm.TextToCode', in_dim=6, num_codes=10, hidden_dim=12)


def make(cfg, checkpoint, **init):
    init = dict(type='Pretrained', checkpoint=str(checkpoint), **init)
    model = MODELS.build(dict(cfg, init_cfg=init))
    model.init_weights()
    return model


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp('stages')
    torch.manual_seed(0)
    for name, cfg in dict(codebook=CODEBOOK, texts=TEXTS).items():
        state = MODELS.build(cfg).state_dict()
        torch.save(dict(state_dict=state), folder / f'{name}.pth')
        longer = {f'knowledge.{name}.{k}': v for k, v in state.items()}
        torch.save(longer | dict(x=torch.ones(1)), folder / f'in_{name}.pth')
    return folder


@pytest.mark.parametrize('name', ['codebook', 'texts'])
def test_read_whole(files, name):
    cfg = dict(codebook=CODEBOOK, texts=TEXTS)[name]
    saved = torch.load(files / f'{name}.pth')['state_dict']
    for model in (
        make(cfg, files / f'{name}.pth'),
        make(cfg, files / f'in_{name}.pth', prefix=f'knowledge.{name}'),
    ):
        for key, value in model.state_dict().items():
            assert torch.equal(value, saved[key])


@pytest.mark.parametrize(
    ('cfg', 'name', 'words'),
    [
        (
            dict(CODEBOOK, num_codes=12),
            'codebook',
            r'\(10, 4\) in it',
        ),
        (dict(CODEBOOK, code_dim=5), 'codebook', r'\(4, 8\) in it'),
        (CODEBOOK, 'texts', 'encoder.0.weight is not in it'),
        (TEXTS, 'codebook', 'head.0.weight is not in it'),
        (dict(TEXTS, num_codes=12), 'texts', r'head.4.weight is \(10, 12\)'),
        (TEXTS, 'in_texts', 'head.0.weight is not in it'),
    ],
)
def test_of_another_model(files, cfg, name, words):
    file = f'{name}.pth'
    with pytest.raises(PreflightError, match=f'{file} for .*{words}') as found:
        make(cfg, files / file)
    assert '\n' not in str(found.value)


def test_no_file(tmp_path):
    with pytest.raises(CheckpointError, match='no such file'):
        make(CODEBOOK, tmp_path / 'nothing.pth')
