from pathlib import Path

import pytest
from mmengine.config import Config

from mmkbdm.registry import DATASETS

CONFIGS = Path(__file__).parents[2] / 'configs' / 'evaluation'


@pytest.mark.parametrize('path', sorted(CONFIGS.glob('*.py')), ids=str)
def test_datasets_are_registered_and_crop_alike(path):
    dataset = Config.fromfile(path).dataset
    assert DATASETS.get(dataset.type) is not None
    assert dataset.test_mode
    assert [step.type for step in dataset.pipeline] == [
        'mmkbdm.LoadImage',
        'mmkbdm.ResizeCenterCrop',
        'mmkbdm.DrawPose',
        'mmkbdm.PackGeneration',
    ]


def test_toyhuman(toy_data, configs):
    """The config for real use, with the data of the tests."""
    dataset = Config.fromfile(CONFIGS / 'toyhuman_val.py').dataset
    dataset.data_root = str(toy_data)
    [*_, sample] = DATASETS.build(dataset)
    assert sample['condition'].shape == (3, 128, 128)
    assert sample['condition'].any() and sample['prompt']
