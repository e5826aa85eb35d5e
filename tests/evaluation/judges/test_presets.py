"""What the presets name exists, but for the weights, which are not fetched."""

import inspect
import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hub import get_config

from mmkbdm.registry import JUDGES

CONFIGS = Path(__file__).parents[3] / 'configs' / 'judges'
PRESETS = sorted(path.stem for path in CONFIGS.glob('*_*.py'))
WEIGHTS = re.compile(
    r'https://download\.openmmlab\.com/mmpose/v1/\S+'
    r'-[0-9a-f]{8}(_\d{8})?\.pth'
)


def parts(name: str) -> list[dict]:
    """The judge and its detector."""
    judge = Config.fromfile(CONFIGS / f'{name}.py').judge.to_dict()
    return [part for part in (judge, judge.get('detector')) if part]


def test_there_are_presets():
    assert {'rtmpose-l_humanart', 'vitpose-h_humanart'} <= set(PRESETS)


@pytest.mark.parametrize('name', PRESETS)
def test_arguments_are_taken(name):
    for part in parts(name):
        cls = JUDGES.get(part.pop('type'))
        inspect.signature(cls).bind(**part)


@pytest.mark.parametrize('name', [n for n in PRESETS if 'humanart' in n])
def test_configs_are_installed_and_weights_have_a_digest(name):
    for part in parts(name):
        assert WEIGHTS.fullmatch(part['weights'])
        cfg = get_config(part['config'])
        if part['config'].startswith('mmpose'):
            stem = Path(part['config']).stem
            assert Path(part['weights']).name.startswith(stem + '-')
            codec = cfg.model.head.decoder
            assert codec.input_size == (192, 256)


@pytest.mark.parametrize('name', [n for n in PRESETS if 'humanart' in n])
def test_weights_are_those_of_the_metafile(name):
    [judge, _] = parts(name)
    published = get_config(judge['config'], pretrained=True).model_path
    assert judge['weights'] == published
