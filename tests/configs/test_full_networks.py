"""Every host at its full size, once."""

import pytest
from matrix import HOSTS, check_network, load


@pytest.mark.slow
@pytest.mark.parametrize('host', HOSTS)
def test_identity_at_first_then_trains_and_flips(host):
    check_network(load(f'{host}_rmpg_coco'), batch_size=1, half=True)
