"""ToyHuman at its smallest."""

import pytest
from toy_parts import write_configs

from mmkbdm.datasets.toy_human import write_dataset


@pytest.fixture(scope='session')
def toy_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toyhuman')
    write_dataset(folder, num_train=1, num_val=5, size=64, max_people=2)
    return folder


@pytest.fixture(scope='session')
def configs(tmp_path_factory, toy_data):
    return write_configs(tmp_path_factory.mktemp('configs'), toy_data)
