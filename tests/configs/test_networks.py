"""The networks of the matrix with their neck and head, the host made thin."""

import pytest
from matrix import MATRIX, check_network, load, thin, thin_resnets

RUN = [*MATRIX, 'simplebaseline_toy_rmpg_toyhuman']


@pytest.mark.parametrize('name', RUN)
def test_identity_at_first_then_trains_and_flips(name, monkeypatch):
    cfg = load(name)
    if 'toy' not in name:
        thin_resnets(monkeypatch)
        thin(cfg)
    check_network(cfg, batch_size=2, half='_rmpg_' in name)
