"""The networks of the matrix with their neck and head, the host made thin.

The data decide on the number of joints alone, and a residual network of one
block a stage has no depth: such repetitions are built (see the parameter
totals), but not run.
"""

import pytest
from matrix import HOSTS, PRESETS, check_network, load, thin, thin_resnets

DEPTHS = ('simplebaseline_res101', 'simplebaseline_res152')
RUN = [
    *(
        f'{host}_{preset}_coco'
        for host in HOSTS
        for preset in PRESETS
        if host not in DEPTHS
    ),
    *(
        f'{host}_rmpg-lite_{data}'
        for host in HOSTS
        for data in ('crowdpose', 'mpii')
        if host not in DEPTHS
    ),
    'simplebaseline_toy_rmpg_toyhuman',
]


@pytest.mark.parametrize('name', RUN)
def test_identity_at_first_then_trains_and_flips(name, monkeypatch):
    cfg = load(name)
    if 'toy' not in name:
        thin_resnets(monkeypatch)
        thin(cfg)
    check_network(cfg, batch_size=2, half='_rmpg_' in name)
