"""The report from made-up results, whose means and choices are known."""

import numpy as np
import pytest

from mmkbdm.benchmark.generation_report import MARK, write_report
from mmkbdm.benchmark.generation_results import PICTURES, RESULTS
from mmkbdm.benchmark.generation_tables import (
    by_arm,
    differences_table,
    guidance_table,
    knowledge_off_table,
    knowledge_table,
    mean,
    variants_table,
)
from mmkbdm.benchmark.guidance import choose
from mmkbdm.benchmark.runs import ResultFile, Run, RunError

ORIGIN = dict(commit='abc', machine='a GPU', seconds=60.0)


def scores(ap):
    return dict(
        AP=ap, AP50=ap, CAP=ap, PCE=1 - ap, FID=9 * ap, KID=0.1, CLIP=30.0
    )


def variant(file, arm, seed, ap, off=None):
    """Chosen on the tuning poses, where it is worse."""
    tested = dict(testing=scores(ap), other_poses=scores(0.01))
    if off is not None:
        tested['kb_off'] = scores(off)
    file.add(
        Run('cuda', arm, seed, iters=9),
        sweep={'1': scores(0.1), '2': scores(0.2)},
        chosen=2.0,
        **tested,
        parameters=1_500_000,
        base='0123',
        setting=dict(iters=9, steps=20),
        **ORIGIN,
    )


@pytest.fixture
def file(tmp_path):
    file = ResultFile(tmp_path / RESULTS)
    for seed in range(3):
        variant(file, 'controlnet', seed, 0.5 + 0.01 * seed)
        variant(file, 'stablepose', seed, 0.6 + 0.01 * seed)
    variant(file, 'kbdmgen', 0, 0.7, off=0.65)
    variant(file, 'kbdmgen', 1, 0.8, off=0.6)
    file.add(
        Run('cuda', 'references', 0, iters=0),
        real=scores(0.99),
        reconstructed=scores(0.95),
        **ORIGIN,
    )
    for seed in range(3):
        file.add(
            Run('cuda', 'kb_stage1_neither', seed, iters=40),
            **{'codebook/perplexity': 4.0, 'codebook/dead': 0.5},
            **{'codebook/cosine': 0.9, 'codes': 64},
            **ORIGIN,
        )
    file.add(
        Run('cuda', 'kb_stage2', 0, iters=40),
        **{'code/top1': 0.25, 'code/top5': 0.5, 'codes': 64},
        **{'frequent/top1': 0.1, 'frequent/top5': 0.3},
        # No caption has a status.
        **{f'{one}/top{k}': 0.2 for one in ('type', 'mean') for k in (1, 5)},
        **ORIGIN,
    )
    return file


def cells(table, name):
    (line,) = [x for x in table.splitlines() if x.startswith(f'| {name} |')]
    return line.strip('| ').split(' | ')


def test_the_best_guidance_is_chosen():
    sweep = {
        '5': dict(AP=0.4, FID=9.0),
        '1.5': dict(AP=0.5, FID=7.0),
        '3': dict(AP=0.5, FID=5.0),
        '1': dict(AP=float('nan'), FID=8.0),
    }
    assert choose(sweep) == '1.5'
    assert choose(sweep, 'FID') == '3'


def test_tables(file):
    results = file.results
    assert list(by_arm(results)) == ['controlnet', 'stablepose', 'kbdmgen']
    table = variants_table(results)
    row = cells(table, '`controlnet`')
    # Three seeds a hundredth apart: t(0.975, 2) / sqrt(3) is 2.484.
    assert row[1:5] == ['ControlNet', '1.50 M', '2', '0.510 ± 0.025']
    assert row[-1] == '0.500 0.510 0.520'
    # Two seeds have no interval.
    assert cells(table, '`kbdmgen`')[4] == '0.750'
    assert cells(table, '`real`')[4] == '0.990'
    row = cells(
        differences_table(results), 'Do masks and the weighted loss help?'
    )
    assert row[1:4] == [
        '`stablepose` - `controlnet`',
        '3',
        '**+0.100 ± 0.000**',
    ]
    assert cells(guidance_table(results), '`stablepose`')[1:] == [
        '0.100 ± 0.000',
        '0.200 ± 0.000',
    ]
    row = cells(knowledge_off_table(results), '`kbdmgen`')
    assert row[1] == '2'
    assert row[2].startswith('+0.125')
    table = knowledge_table(results)
    assert '| neither | 3 | 64 | 4.0 ± 0.0 | 0.500 ± 0.000 |' in table
    assert '| top 5 | 0.500 | 0.078 | 6.4x | 0.300 |' in table
    assert '| the whole caption | 0.250 | 0.500 |' in table
    assert '| the type alone | 0.200 | 0.200 |' in table
    assert '| the status alone |  |  |' in table
    assert mean([float('nan')], 2) == ''


def test_report(file, tmp_path):
    images = np.zeros((3, 8, 8, 3), np.uint8)
    np.savez(tmp_path / PICTURES, real=images, controlnet=images)
    target = write_report(tmp_path)
    text = target.read_text()
    for words in ('a GPU', 'Is the pose used?', 'steps 20', 'base 0123'):
        assert words in text
    for name in ('generation_toy_cuda.png', 'generation_toy_samples.jpg'):
        assert name in text
        assert (tmp_path / name).stat().st_size > 1000
    target.write_text(f'By hand.\n\n{MARK}\noutdated')
    text = write_report(tmp_path).read_text()
    assert text.startswith('By hand.')
    assert 'outdated' not in text


def test_without_results(tmp_path):
    with pytest.raises(RunError, match='holds no run'):
        write_report(tmp_path)
