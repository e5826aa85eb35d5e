"""The cost tool, in this process; what it calls has tests of its own."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = 'configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py'
PLAIN = 'configs/rmpg/simplebaseline_toy_toyhuman.py'
VARIANTS = ['base', 'lite', 'default', 'paper-size']


@pytest.fixture
def tool(monkeypatch, capsys):
    """Call main; returns status, stdout and stderr."""
    monkeypatch.chdir(ROOT)
    path = ROOT / 'tools' / 'analysis' / 'get_cost.py'
    spec = importlib.util.spec_from_file_location('tool_get_cost', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*args):
        monkeypatch.setattr(sys, 'argv', ['get_cost.py', *map(str, args)])
        capsys.readouterr()
        try:
            module.main()
            status = 0
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


def rows_of(markdown, title):
    """Cells of the table whose header begins so."""
    lines = markdown.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(title))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith('|'):
            break
        rows.append([cell.strip() for cell in line.strip('|').split('|')])
    return rows


def test_table_json_and_plot(tool, tmp_path):
    out, plot = tmp_path / 'new' / 'cost.json', tmp_path / 'cost.png'
    status, stdout, stderr = tool(
        CONFIG, '--batch-sizes', 1, 2, '--dtype', 'fp32', 'bf16',
        '--repeats', 3, '--out', out, '--plot', plot,
    )  # fmt: skip
    assert status == 0, stderr
    assert 'batch 2, bf16' in stderr  # the progress bar

    report = json.loads(out.read_text())
    env = report['environment']
    assert set(env) == {
        'mmkbdm', 'commit', 'torch', 'device', 'threads', 'date', 'command',
    }  # fmt: skip
    assert env['command'].startswith('python get_cost.py configs/rmpg/')
    (host,) = report['hosts']
    assert host['config'] == CONFIG and host['input_size'] == [64, 96]
    networks = host['networks']
    assert [row['variant'] for row in networks] == VARIANTS
    assert [row['params'] for row in networks][::2] == [272_657, 431_889]
    for key in ('macs', 'saved_bytes'):
        values = [row[key] for row in networks]
        assert min(values) == values[0] > 0
    assert all(row['forward_bytes'] > 0 for row in networks)

    latency = host['latency']
    assert [
        (row['batch_size'], row['dtype'], row['compiled'], row['variant'])
        for row in latency
    ] == [
        (size, dtype, False, variant)
        for size in (1, 2)
        for dtype in ('fp32', 'bf16')
        for variant in VARIANTS
    ]
    for row in latency:
        assert len(row['seconds']) == 3
        assert row['median'] == sorted(row['seconds'])[1]
        speed = row['batch_size'] / row['median']
        assert row['images_per_second'] == pytest.approx(speed)
        ratio = row['ratio']
        assert ratio['lower'] <= ratio['median'] <= ratio['upper']
        if row['variant'] == 'base':
            assert ratio['lower'] == ratio['upper'] == 1

    counted = rows_of(stdout, '| config | neck | params')
    assert [row[1] for row in counted] == VARIANTS
    assert [row[2] for row in counted] == ['0.27 M', '0.30 M', '0.43 M',
                                           '0.47 M']  # fmt: skip
    timed = rows_of(stdout, '| config | batch')
    assert len(timed) == 16
    assert timed[0][:4] == [Path(CONFIG).stem, '1', 'fp32', 'base']
    assert plot.read_bytes().startswith(b'\x89PNG')
    assert not list(tmp_path.glob('*.part'))


def test_chosen_variants_and_options(tool):
    status, stdout, stderr = tool(
        CONFIG, '--batch-sizes', 1, '--repeats', 1, '--variants', 'lite',
        '--cfg-options', 'model.head.deconv_out_channels=(16,16)',
    )  # fmt: skip
    assert status == 0, stderr
    counted = rows_of(stdout, '| config | neck | params')
    assert [row[1:3] for row in counted] == [
        ['base', '0.19 M'],
        ['lite', '0.22 M'],
    ]


@pytest.mark.parametrize(
    'args, words',
    [
        (['gone.py'], 'gone.py does not exist'),
        ([PLAIN], f'{PLAIN} has a neck of type None'),
        ([CONFIG, '--repeats', 0], '--repeats 0 must be 1'),
        ([CONFIG, '--batch-sizes', 0], '--batch-sizes 0 must be 1'),
        ([CONFIG, '--dtype', 'fp16'], 'choose bf16'),
        ([CONFIG, '--device', 'tpu!'], '--device tpu!'),
        ([CONFIG, '--out', 'cost.txt'], 'must end in .json'),
        ([CONFIG, '--plot', 'cost.jpg'], 'must end in .png'),
        ([CONFIG, '--out', '/proc/no/cost.json'], 'cannot be written to'),
        ([CONFIG, '--cfg-options', 'model.neck'], "'model.neck' is no KEY"),
        ([CONFIG, '--cfg-options', 'codec.type.a=1'], 'do not fit'),
        (
            [CONFIG, '--cfg-options', 'model.backbone.depth=19'],
            f'{CONFIG} does not build: invalid depth 19',
        ),
        (
            [CONFIG, '--cfg-options', 'model.neck.in_channels=128'],
            f'{CONFIG} (lite) does not run on an image',
        ),
    ],
    ids=str,
)
def test_bad_input(tool, args, words):
    status, stdout, stderr = tool(*args)
    assert status == 2 and not stdout
    (line,) = [line for line in stderr.splitlines() if 'error: ' in line]
    assert words in line
    assert 'Traceback' not in stderr
