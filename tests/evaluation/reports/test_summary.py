import json

import pytest

from mmkbdm.evaluation.reports.summary import summary_lines, write_summary


def test_mean_and_spread(tmp_path):
    reports = {
        'a': dict(metrics=dict(AP=0.5, PCE=1.0, CAP=None)),
        'b': dict(metrics=dict(AP=0.7, PCE=None, CAP=None, KID_x=2.0)),
    }
    summary = write_summary(tmp_path, reports)
    assert json.loads((tmp_path / 'summary.json').read_text()) == summary
    assert summary['reports'] == ['a', 'b']
    metrics = summary['metrics']
    assert metrics['AP'] == dict(
        mean=pytest.approx(0.6), std=pytest.approx(0.02**0.5), n=2
    )
    assert metrics['PCE'] == dict(mean=1.0, std=None, n=1)
    assert metrics['CAP'] == dict(mean=None, std=None, n=0)
    assert metrics['KID_x']['n'] == 1
    head, first, second = summary_lines(summary, ['AP', 'CAP'])
    assert first.split() == ['AP', '0.600', '0.141', '2']
    assert second.split() == ['CAP', 'n/a', 'n/a', '0']
