import json
import subprocess

import pytest

import mmkbdm
from mmkbdm.analysis.cost_report import (
    MARKERS,
    environment,
    latency_rows,
    plot,
    to_markdown,
    write_json,
)
from mmkbdm.analysis.latency import Mode
from mmkbdm.analysis.variants import OWN, PRESETS


@pytest.fixture
def report():
    """Two hosts in two modes, lite half as slow again as the base."""
    hosts = []
    for name in ('a', 'b'):
        latency = []
        for compiled in (False, True):
            seconds = dict(base=[0.1, 0.2, 0.4], lite=[0.15, 0.3, 0.7])
            latency += latency_rows(Mode(8, 'fp32', compiled), seconds)
        networks = [
            dict(
                variant=variant,
                params=1_234_567,
                macs=macs,
                forward_bytes=1_500_000,
                saved_bytes=9_000_000,
            )
            for variant, macs in (('base', 2_000_000_000), ('lite', 5e9))
        ]
        hosts.append(
            dict(
                config=f'configs/{name}.py',
                input_size=[192, 256],
                networks=networks,
                latency=latency,
            )
        )
    return dict(environment=environment('cpu'), hosts=hosts)


def test_latency_rows_compare_round_by_round(report):
    base, lite = report['hosts'][0]['latency'][:2]
    assert base['ratio'] == dict(median=1, lower=1, upper=1)
    assert lite['ratio']['median'] == pytest.approx(1.5)
    assert lite['ratio']['upper'] == pytest.approx(1.625)
    assert lite['median'] == 0.3
    assert lite['images_per_second'] == pytest.approx(8 / 0.3)


def test_markdown(report):
    text = to_markdown(report)
    assert '| a | lite | 1.23 M | 5.00 | 2.50 | 1.5 | 9.0 |' in text
    row = '| lite | 300.0 | 26.7 | 1.50 (1.50-1.62) | 2.50 |'
    assert f'| a | 8 | fp32 {row}' in text
    assert f'| b | 8 | fp32, compiled {row}' in text
    widths = {line.count('|') for line in text.splitlines() if '|' in line}
    assert widths == {8, 9}


def test_json_and_plot(report, tmp_path):
    write_json(report, str(tmp_path / 'cost.json'))
    assert json.loads((tmp_path / 'cost.json').read_text()) == report
    plot(report, str(tmp_path / 'cost.png'))
    assert (tmp_path / 'cost.png').read_bytes().startswith(b'\x89PNG')
    assert len(list(tmp_path.iterdir())) == 2


def test_commit(monkeypatch, tmp_path):
    """Only of a repository that the package is part of."""
    package = tmp_path / 'mmkbdm'
    package.mkdir()
    (package / '__init__.py').touch()
    monkeypatch.setattr(mmkbdm, '__file__', str(package / '__init__.py'))
    assert environment('cpu')['commit'] is None

    def git(*words):
        identity = ('-c', 'user.name=a', '-c', 'user.email=a@b.example')
        subprocess.run(
            ['git', *identity, *words],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    git('init')
    assert environment('cpu')['commit'] is None
    git('add', '.')
    git('commit', '-m', 'a')
    commit = environment('cpu')['commit']
    assert len(commit) >= 7 and 'dirty' not in commit
    (package / '__init__.py').write_text('a = 1\n')
    assert environment('cpu')['commit'] == commit + '-dirty'


def test_every_variant_has_a_marker():
    assert set(MARKERS) == {*PRESETS, OWN}
