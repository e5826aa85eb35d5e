import json

import cv2
import pytest

from mmkbdm.apis.errors import PreflightError
from mmkbdm.benchmark import report, toy_report
from mmkbdm.benchmark.toy_arms import ARMS, DESCRIPTIONS, QUESTIONS

AP = {
    'none': {0: 0.30, 1: 0.32, 2: 0.31},
    'default': {0: 0.35, 1: 0.37, 2: 0.36},
    'conv': {0: 0.36, 1: 0.36},
}
RESULTS = [
    {
        'study': 'short',
        'config': f'short_{arm}',
        'seed': seed,
        'coco/AP': ap,
        'occluded/AP': ap / 2,
        'swap/rate': 0.1,
    }
    for arm, seeds in AP.items()
    for seed, ap in seeds.items()
]
COSTS = {
    arm: dict(params=1e6 * n, macs=1e7 * n, seconds=0.1 * n)
    for n, arm in enumerate(AP, start=1)
}


def cells(table, start):
    (line,) = [r for r in table.splitlines() if r.startswith(f'| {start}')]
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_arms_table():
    table = report.arms_table(RESULTS, DESCRIPTIONS, COSTS)
    none = cells(table, '`none`')
    assert none[2:6] == ['1.00 M', '1.00x', '100 (1.00x)', '.310 ± 0.010']
    assert none[-1] == '.300 .320 .310'
    default = cells(table, '`default`')
    assert default[2:5] == ['2.00 M', '2.00x', '200 (2.00x)']
    assert default[8] == '**+0.050 ± 0.000**'
    assert default[9] == '**+0.025 ± 0.000**'
    # Two seeds: +.06 and +.04, Student's factor for one degree is 12.7.
    assert cells(table, '`conv`')[8] == '+0.050 ± 0.127'
    assert '`lite`' not in table


def test_questions_table_asks_what_was_run():
    table = report.questions_table(RESULTS, QUESTIONS)
    assert len(table.splitlines()) == 3
    row = cells(table, 'Is RMPG better than convolutions')
    assert row[1:4] == ['`default` - `conv`', '2', '+0.000 ± 0.127']


def test_plots(tmp_path):
    report.plot_questions(RESULTS, QUESTIONS, tmp_path / 'a.png')
    report.plot_cost(RESULTS, COSTS, tmp_path / 'b.png')
    for name in ('a.png', 'b.png'):
        assert cv2.imread(str(tmp_path / name)).std() > 5


@pytest.mark.parametrize('study', ARMS)
def test_every_arm_is_described_and_every_question_can_be_answered(study):
    assert set(ARMS[study]) <= set(DESCRIPTIONS)
    if study == 'short':
        asked = {arm for pair in QUESTIONS.values() for arm in pair}
        assert asked - set(ARMS[study]) == {'fast-gate'}  # of a former study


def test_the_report_keeps_what_was_written_by_hand(tmp_path):
    with pytest.raises(PreflightError, match='holds no run'):
        toy_report.write_report(tmp_path)
    runs = [dict(r, lr=0.5, iters=5) for r in RESULTS[:3]]
    runs += [dict(r, lr=1.0, iters=5) for r in RESULTS[3:]]
    runs += [dict(runs[0], study='tune')]
    origin = dict(commit='abc', machine='one')
    file = tmp_path / toy_report.RESULTS
    file.write_text(json.dumps([dict(run, **origin) for run in runs]))
    costs = tmp_path / toy_report.COSTS
    costs.write_text(json.dumps(dict(arms=COSTS)))
    target = toy_report.write_report(tmp_path)
    text = target.read_text()
    target.write_text(text.replace('# RMPG on ToyHuman', '# My reading'))
    assert toy_report.write_report(tmp_path) == target
    assert target.read_text().startswith('# My reading\n\n<!--')
    assert target.read_text().count('## Host of short') == 1
    assert '| `none` | **0.300** |' in text
    assert '9 runs at commit abc on one.' in text
    for line in text.splitlines():
        if line.startswith('!['):
            assert (tmp_path / line.split('(')[1].strip(')')).exists()


def on_device(device, arms, seeds, lr=1.0):
    return [
        dict(
            RESULTS[0], config=f'short_{arm}', seed=seed, lr=lr, device=device
        )
        for arm in arms
        for seed in range(seeds)
    ]


def test_devices_are_not_mixed():
    """A device is left out where the other has all of it."""
    here = [{k: v for k, v in r.items() if k != 'device'}
            for r in on_device('cpu', ('none', 'lite'), 3)]  # fmt: skip
    there = on_device('cuda', ('none', 'lite', 'conv'), 3)
    table = toy_report.tables(here + there, 'short')
    assert {d: len(r) for d, r in table.items()} == dict(cuda=9)
    assert {r['device'] for r in table['cuda']} == {'cuda'}
    table = toy_report.tables(here + there[:-5], 'short')
    assert {d: len(r) for d, r in table.items()} == dict(cuda=4, cpu=6)
    assert toy_report.tables(here, 'wide') == {}


def test_only_the_chosen_rate_is_compared():
    runs = on_device('cuda', ('lite',), 2) + on_device(
        'cuda', ('lite',), 1, 2.0
    )
    tuned = [dict(runs[0], study='tune', lr=2.0, gate=1.0)]
    (results,) = toy_report.tables(runs + tuned, 'short').values()
    assert [r['lr'] for r in results] == [2.0]
    assert '| `lite` | **0.300** |' in toy_report.rates_table(tuned, 'cuda')


def test_both_hosts_together():
    """Every seed of either host is a pair of its own."""
    short = [dict(r, lr=1.0) for r in RESULTS]
    assert toy_report.together(short) == {}
    wide = [
        dict(r, study='wide', config=r['config'].replace('short', 'wide'))
        for r in short
        if r['config'] != 'short_conv'
    ]
    wide[-1]['coco/AP'] += 0.06
    (both,) = toy_report.together(short + wide).values()
    assert {r['config'].split('_')[1] for r in both} == {'none', 'default'}
    questions = {'?': ('default', 'none')}
    row = cells(report.questions_table(both, questions), '?')
    # Five differences of .05 and one of .11, Student's factor 2.571.
    assert row[2:4] == ['6', '**+0.060 ± 0.026**']


def test_a_cut_experiment_is_reported(tmp_path):
    """Arms with other seeds than the reference are shown, not compared."""
    runs = on_device('cuda', ('none', 'conv'), 3)
    runs += [dict(r, seed=9) for r in on_device('cuda', ('default',), 1)]
    default = cells(report.arms_table(runs, DESCRIPTIONS, {}), '`default`')
    assert default[-3:] == ['', '', '.300']
    assert 'RMPG' not in report.questions_table(runs, QUESTIONS)
    report.plot_questions(runs, QUESTIONS, tmp_path / 'a.png')
