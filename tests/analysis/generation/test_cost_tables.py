from mmkbdm.analysis.generation.tables import (
    filled,
    goals_table,
    parameters_table,
    plot,
    setting_line,
    training_table,
)

COUNTS = {
    'Stable-Pose-style': {'UNet, frozen': 9_000_000, 'FiLM': 0, 'x': 1000},
    'KB-DMGen': {'UNet, frozen': 9_000_000, 'FiLM': 2_000_000, 'x': 1000},
}


def training_row(name, seconds, **more):
    return dict(
        {'name': name, 'size': 512, 'batch_size': 8},
        step_seconds=seconds,
        weights_bytes=2**30,
        **more,
    )


def test_parameters():
    lines = parameters_table(COUNTS).splitlines()
    assert lines[3] == '| FiLM |  | 2,000,000 |'
    assert lines[5] == '| all but the frozen | 1,000 | 2,001,000 |'
    assert lines[6] == '| over Stable-Pose-style | +0.00 M | +2.00 M |'
    assert '+106 M' in lines[-1]


def test_training_is_compared_with_controlnet():
    rows = [
        training_row('ControlNet', 0.5, train_bytes=2**30),
        training_row('KB-DMGen', 0.55, train_bytes=2 * 2**30),
    ]
    last = training_table(rows).splitlines()[-1]
    assert (
        last == '| 512 | 8 | KB-DMGen | 0.550 | 1.100 | 1.00 | 3.00 | 1.500 |'
    )
    alone = training_table([training_row('KB-DMGen', 0.55)]).splitlines()[-1]
    assert alone == '| 512 | 8 | KB-DMGen | 0.550 | 1.000 | 1.00 |  |  |'


def test_only_marked_places_of_a_page_change():
    page = 'a\n<!-- one -->\nold\n<!-- end one -->\nb\n'
    made = filled(page, {'one': '| new |\n', 'two': '| other |\n'})
    assert made == ('a\n<!-- one -->\n\n| new |\n\n<!-- end one -->\nb\n')
    assert filled(made, {'one': '| new |\n'}) == made


def test_plot(tmp_path):
    row = dict(weights_bytes=2**30, step_bytes=2**29)
    rows = [
        dict(row, name=name, size=size, batch_size=1, step=dict(median=0.1))
        for name in ('ControlNet', 'KB-DMGen')
        for size in (512, 768)
    ]
    plot(rows, tmp_path / 'cost.png')
    assert (tmp_path / 'cost.png').stat().st_size > 5000


def test_goals():
    def row(name, ratio, step_bytes):
        one = dict(name=name, size=512, batch_size=8, weights_bytes=900)
        return dict(one, ratio=dict(median=ratio), step_bytes=step_bytes)

    rows = [
        row('Stable Diffusion', 0.7, 90),
        row('ControlNet', 1.0, 100),
        row('KB-DMGen', 1.04, 120),
        row('KB-DMGen, 3x3 FiLM', 1.06, 160),
    ]
    lines = goals_table(rows).splitlines()
    assert lines[2:] == [
        '| KB-DMGen | 512 | 8 | 1.040: reached | 1.020: reached |',
        '| KB-DMGen, 3x3 FiLM | 512 | 8 | 1.060: missed | 1.060: missed |',
    ]


def test_setting():
    setting = dict(
        torch='2.0', device='cpu', threads=2, architecture='sd15',
        dtype='float32', steps=8,
    )  # fmt: skip
    line = setting_line(setting)
    assert 'cpu with 2 threads, torch 2.0, float32' in line
    assert 'threads' not in setting_line(dict(setting, device='Some GPU'))
