"""Which runs there are, in which order, and with which rates."""

import pytest

from mmkbdm.apis.errors import PreflightError
from mmkbdm.benchmark.toy_arms import ARMS, CORE
from mmkbdm.benchmark.toy_plan import (
    FAST_GATE,
    RATES,
    chosen_arms,
    chosen_rates,
    compared_runs,
    tuning_runs,
)


def tuned(arm, ap, lr=1.0, gate=1.0, device='cuda', study='tune'):
    return {
        'study': study,
        'config': f'short_{arm}',
        'lr': lr,
        'gate': gate,
        'device': device,
        'coco/AP': ap,
    }


def test_every_arm_is_tuned_alike():
    runs = tuning_runs(ARMS['tune'], 'cuda')
    for arm in ARMS['short']:
        tried = [(r.lr, r.gate) for r in runs if r.config == f'short_{arm}']
        gates = [] if arm == 'none' else [(1.0, FAST_GATE)]
        assert tried == [*((rate, 1.0) for rate in RATES), *gates]
    assert {run.data for run in runs} == {'tune'}
    assert len({run.name for run in runs}) == len(runs)


def test_a_cut_leaves_whole_seeds():
    runs = compared_runs(('short', 'long'), ARMS['short'], (3, 1), 'cpu', [])
    studies = [run.study for run in runs]
    assert studies == sorted(studies, reverse=True)
    arms = len(ARMS['short'])
    assert {run.seed for run in runs[:arms]} == {3}
    assert len(runs) == 2 * (arms + len(CORE))
    assert len(set(runs)) == len({run.name for run in runs}) == len(runs)
    assert {run.iters for run in runs if run.study == 'long'} == {1500}
    assert {run.data for run in runs} == {'compare'}


def test_the_best_rate_of_the_device_is_taken():
    results = [
        tuned('lite', 0.30, 0.5),
        tuned('lite', 0.3402, 2.0),
        tuned('lite', 0.3400, 1.0),  # as good, and slower
        tuned('conv', 0.30),
        tuned('conv', 0.31, gate=10.0),
        tuned('none', 0.9, 2.0, device='cpu'),
        tuned('none', 0.9, 2.0, study='short'),
    ]
    rates = chosen_rates(results, 'cuda')
    assert rates == dict(lite=(1.0, 1.0), conv=(1.0, 10.0))
    old = {k: v for k, v in results[1].items() if k not in ('gate', 'device')}
    assert chosen_rates([old], 'cpu') == dict(lite=(2.0, 1.0))
    runs = compared_runs(
        ('short', 'wide'), ('none', 'conv'), (0,), 'cuda', results
    )
    assert [(r.config, r.lr, r.gate) for r in runs] == [
        ('short_none', 1.0, 1.0),
        ('short_conv', 1.0, 10.0),
        ('wide_none', 1.0, 1.0),
        ('wide_conv', 1.0, 10.0),
    ]


def test_unknown_arm():
    assert chosen_arms(('wide',), None) == set(CORE)
    with pytest.raises(PreflightError, match='--arms paper: the studies wide'):
        chosen_arms(('wide',), ['paper'])
