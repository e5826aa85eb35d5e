"""The tool with real pipelines of a few thousand parameters."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'generation'))

from job_parts import person, write_pipeline  # noqa: E402
from tiny_generator import build, config  # noqa: E402
from tiny_pipeline import write_plain  # noqa: E402
from toy_parts import write_configs  # noqa: E402

from mmkbdm.datasets.toy_human import write_dataset  # noqa: E402
from mmkbdm.pipelines import KBDMGenPipeline  # noqa: E402


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Paths of pipelines, poses and data, by what they are."""
    folder = tmp_path_factory.mktemp('parts')
    write_dataset(folder / 'toy', num_train=1, num_val=3, size=64)
    paths = write_configs(folder, folder / 'toy')
    poses = folder / 'poses.json'
    poses.write_text(json.dumps([person(1), person(2)]))
    bare = KBDMGenPipeline.from_generator(build(config(adapter=None)))
    bare.save_pretrained(folder / 'bare')
    return dict(
        {name: str(path) for name, path in paths.items()},
        model=write_pipeline(folder / 'pipeline'),
        plain=str(write_plain(folder / 'plain_parts')),
        bare=str(folder / 'bare'),
        pose=str(poses),
    )


@pytest.fixture
def show(monkeypatch, capsys, files, tmp_path):
    """Call the tool's main; returns status, output, error."""
    monkeypatch.chdir(ROOT)
    path = ROOT / 'tools' / 'analysis' / 'visualize_generation.py'
    spec = importlib.util.spec_from_file_location('tool_visualize', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*words, **flags):
        given = dict(
            model=files['model'],
            pose=files['pose'],
            prompt='sketch, a man running',
            out=tmp_path / 'out',
        )
        given = {**given, **flags}
        argv = [
            str(word)
            for key, value in given.items()
            if value is not None
            for word in (f'--{key}', value)
        ]
        monkeypatch.setattr(sys, 'argv', ['tool', *argv, *map(str, words)])
        capsys.readouterr()
        status = 0
        try:
            module.main()
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_pages(show, tmp_path):
    status, out, err = show(
        *('--steps', 3, '--look-at', 0, -1, '--joints', 'nose'),
        *('--pose-strengths', 0, 1, '--kb-strengths', 1),
    )
    assert status == 0, err
    pages = [
        '00_overview.png',
        '01_masks.png',
        '02_radius_and_strength.png',
        '03_attention_0.png',
        '04_attention_1.png',
        '05_attention_to_pose.png',
        '06_codes.png',
        '07_strengths.png',
        'contact_sheet.png',
    ]
    assert names(tmp_path / 'out') == pages
    lines = [line for line in out.splitlines() if str(tmp_path) in line]
    assert lines == [str(tmp_path / 'out' / page) for page in pages]
    assert 'note: codes are shown as numbers' in out
    for page in pages:
        picture = cv2.imread(str(tmp_path / 'out' / page))
        assert 0.02 < (picture < 250).mean() < 0.95, page


def test_images_of_a_dataset(show, files, tmp_path):
    """One of them, if not told otherwise; else one a folder."""
    flags = dict(pose=None, prompt=None, data=files['data'])
    settings = '--steps', 1, '--pages', 'masks'
    status, _, err = show(*settings, **flags)
    assert status == 0, err
    assert '00_overview.png' in names(tmp_path / 'out')
    flags['out'] = tmp_path / 'many'
    status, _, err = show(*settings, '--max-images', 2, **flags)
    assert status == 0, err
    assert len(names(tmp_path / 'many')) == 2
    for folder in (tmp_path / 'many').iterdir():
        assert '01_masks.png' in names(folder)


WRONG = [
    (['--joints', 'left_wirst'], {}, 'did you mean left_wrist?'),
    (['--look-at', 2], {}, '--look-at 2 does not exist: there are 2 steps'),
    (['--pose-strengths', -1], {}, '--pose-strengths must not be negative'),
    (['--kb-strengths', 1, -1], {}, '--kb-strengths must not be negative'),
    (['--height', 65], {}, 'must be multiples of 8'),
    (
        ['--training-images', 'configs/kb_dmgen/kb_toy.py'],
        {},
        'kb_toy.py is not of stage 1',
    ),
    (['--training-images', 'gone.py'], {}, 'gone.py does not exist'),
    ([], dict(pose='gone.json'), 'gone.json does not exist'),
    ([], dict(model='gone/'), 'gone/ does not exist'),
    ([], dict(model='plain'), 'StableDiffusionPipeline: the pages are of'),
    ([], dict(model='bare'), 'the model has no adapter'),
]


@pytest.mark.parametrize('words, flags, reason', WRONG)
def test_wrong_input_is_one_line(show, files, tmp_path, words, flags, reason):
    flags = dict(flags)
    if flags.get('model') in files:
        flags['model'] = files[flags['model']]
    status, out, err = show(*words, **flags)
    assert status == 2
    (line,) = re.findall(r'^error: .*$', err, re.M)
    assert reason in line
    assert err.endswith(f'{line}\n')
    assert not list(tmp_path.rglob('*.png'))
