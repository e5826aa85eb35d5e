"""The command that scores any folder of images, in this process."""

import csv
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / 'tests' / 'evaluation'
sys.path.insert(0, str(HELPERS))
from judges import tiny_models  # noqa: E402
from tiny_clip import write_clip  # noqa: E402
from told_judge import (  # noqa: E402
    CONFIG,
    numbered_image,
    pose,
    write_coco,
    write_people,
)

sys.path.remove(str(HELPERS))
FILES = ('metrics.json', 'per_image.csv', 'poses.npz', 'report.html')


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Call the tool; returns status, stdout and stderr."""
    monkeypatch.syspath_prepend(str(HELPERS))
    monkeypatch.chdir(tmp_path)

    def call(*args):
        spec = importlib.util.spec_from_file_location(
            'eval_generation', ROOT / 'tools' / 'eval_generation.py'
        )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        argv = ['eval_generation.py', *map(str, args)]
        monkeypatch.setattr(sys, 'argv', argv)
        capsys.readouterr()
        status = 0
        try:
            module.main()
        except SystemExit as error:
            status = error.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def told(tmp_path):
    """Arguments of a run whose judge finds whom the annotations name.

    Returns a function that takes the poses by file name.
    """

    def prepare(people, folder='images', found=None, **kwargs):
        for number, name in enumerate(people, start=1):
            numbered_image(tmp_path / folder / name, number)
        seen = dict(enumerate(people.values(), start=1))
        path = write_people(tmp_path / 'people.json', found or seen)
        (tmp_path / 'judge.py').write_text(CONFIG.format(people=path))
        poses = write_coco(tmp_path / 'poses.json', people, **kwargs)
        return [
            *('--images', str(tmp_path / folder), '--poses', poses),
            *('--judge', str(tmp_path / 'judge.py')),
            *('--out', str(tmp_path / 'out')),
        ]

    return prepare


def report(out):
    """Content of metrics.json and the rows by image of a whole report."""
    assert all((out / name).stat().st_size for name in FILES)
    content = json.loads((out / 'metrics.json').read_text())
    counts = content['counts']
    assert (
        counts['images_scored'] + counts['images_excluded']
        == counts['images_given']
    )
    with open(out / 'per_image.csv', newline='') as file:
        rows = {row['name']: row for row in csv.DictReader(file)}
    assert len(rows) == counts['images_given']
    return content, rows


def reason(answer):
    """The one line of a refusal."""
    status, _, stderr = answer
    assert status == 2 and 'Traceback' not in stderr
    lines = [line for line in stderr.splitlines() if 'error: ' in line]
    assert len(lines) == 1 and stderr.endswith(lines[0] + '\n')
    return lines[0]


def test_detections_that_are_the_conditions(run, told, tmp_path):
    people = {'0.png': [pose(1)], 'a/1.png': [pose(2), pose(3)]}
    status, out, _ = run(*told(people))
    assert status == 0
    content, rows = report(tmp_path / 'out')
    metrics = content['metrics']
    assert metrics['AP'] == metrics['CAP'] == 1 and metrics['PCE'] == 0
    assert content['floor']['metrics']['AP'] < 0.5
    assert content['ceiling'] is content['judge_ceiling'] is None
    assert rows['a/1.png']['people'] == '2'
    assert content['protocol']['name'] == 'standard'
    assert '2 images scored + 0 excluded = 2 given' in out
    assert str(tmp_path / 'out' / 'report.html') in out


def test_everything_bad_about_images_at_once(run, told, tmp_path):
    one_joint, broken = pose(4), pose(5)
    one_joint[1:] = 0
    broken[3] = np.nan
    people = {
        'zero.png': [],
        'twelve.png': [pose(i) for i in range(12)],
        'joint.png': [one_joint],
        'nan.png': [broken],
        'damaged.png': [pose(6)],
        'large.png': [pose(7)],
        'no_image.png': [pose(8)],
    }
    arguments = told(people)
    images = tmp_path / 'images'
    numbered_image(images / 'stranger.png', 1)
    numbered_image(images / 'large.png', 99, 80, 120)
    (images / 'damaged.png').write_bytes(b'\x89PNG')
    (images / 'no_image.png').unlink()
    assert run(*arguments)[0] == 0
    content, rows = report(tmp_path / 'out')
    counts = content['counts']
    assert counts['excluded_by_reason'] == {
        'no annotation': 1,
        'the image cannot be read': 1,
    }
    assert counts['annotations_without_image'] == 1
    assert counts['images_without_people'] == 1
    assert counts['nan_joints'] == 1
    assert counts['people_without_area'] == 1
    assert content['generation']['images_fitted'] == 1
    assert rows['twelve.png']['people'] == '12'
    assert rows['damaged.png']['status'] == 'excluded'
    # Nobody is found in an image that the judge does not know.
    assert rows['large.png']['detections'] == '0'
    assert run(*arguments, '--fit', 'none')[0] == 0
    content, rows = report(tmp_path / 'out')
    assert 'annotated size' in rows['large.png']['reason']


@pytest.mark.parametrize('protocol', ['standard', 'legacy'])
def test_no_detections_at_all(run, told, tmp_path, protocol):
    people = {f'{i}.png': [pose(i)] for i in range(4)}
    arguments = told(people, found={9: []})
    status, out, _ = run(*arguments, '--protocol', protocol)
    assert status == 0
    content, _ = report(tmp_path / 'out')
    assert content['metrics']['AP'] == 0
    legacy = protocol == 'legacy'
    assert ('fail_without_detections' in out) == legacy
    assert not content['protocol']['switches']['fail_without_detections']
    assert content['protocol']['switches']['no_nms'] == legacy


def test_published_crash_on_demand(run, told):
    arguments = told({f'{i}.png': [pose(i)] for i in range(4)}, found={9: []})
    line = reason(
        run(*arguments, '--switches', 'fail_without_detections=True')
    )
    assert 'fail_without_detections=False goes on' in line


def test_nothing_that_can_be_read(run, told, tmp_path):
    arguments = told({'0.png': [pose(1)]})
    (tmp_path / 'images/0.png').write_bytes(b'')
    assert run(*arguments)[0] == 0
    content, _ = report(tmp_path / 'out')
    assert content['counts']['images_scored'] == 0
    assert content['metrics']['AP'] is None


def test_seeds_with_reference_prompts_features_and_floor(run, told, tmp_path):
    people = {f'{i}.png': [pose(i)] for i in range(4)}
    arguments = told(people, folder='real')
    arguments = told(people, folder='seed_0')
    # The second seed fails in one image, and is twice as large.
    arguments = told(people, folder='seed_1')
    numbered_image(tmp_path / 'seed_1/3.png', 77)
    prompts = tmp_path / 'prompts.json'
    prompts.write_text(json.dumps({'0.png': 'a dog', '1.png': ''}))
    files = tiny_models.write_model(tmp_path, tiny_models.top_down())
    features = dict(type='mmkbdm.PoseBackboneFeatures', size=(32, 48), **files)
    (tmp_path / 'features.py').write_text(f'features = {features!r}')
    assert run(*arguments)[0] == 0
    (tmp_path / 'out').rename(tmp_path / 'without_pose')
    (tmp_path / 'clip').mkdir()
    status, out, _ = run(
        *arguments[2:],
        *('--images', tmp_path / 'seed_0', tmp_path / 'seed_1'),
        *('--reference', tmp_path / 'real', '--prompts', prompts),
        *('--features', tmp_path / 'features.py'),
        *('--clip', write_clip(tmp_path / 'clip')),
        *('--floor', tmp_path / 'without_pose', '--batch-size', 3),
    )
    assert status == 0
    first, rows = report(tmp_path / 'out' / 'seed_0')
    second, _ = report(tmp_path / 'out' / 'seed_1')
    assert first['features'].startswith('PoseBackboneFeatures (')
    name = 'FID_PoseBackboneFeatures'
    assert first['metrics'][name] == pytest.approx(0, abs=1e-4)
    assert second['metrics'][name] > first['metrics'][name]
    assert f'{name}_cartoon' in first['metrics']
    assert first['ceiling']['metrics']['AP'] == 1
    assert first['ceiling']['what'].startswith('4 real images')
    assert second['floor']['metrics']['AP'] == second['metrics']['AP'] < 1
    assert rows['0.png']['prompt'] == 'a dog'
    assert rows['1.png']['CLIP_score'] == '' != rows['0.png']['CLIP_score']
    assert first['counts']['images_with_prompt'] == 3
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert summary['reports'] == ['seed_0', 'seed_1']
    values = [one['metrics']['AP'] for one in (first, second)]
    assert summary['metrics']['AP']['mean'] == pytest.approx(np.mean(values))
    assert summary['metrics']['AP']['n'] == 2
    assert 'summary.json' in out and name in out


def test_real_judge(run, told, tmp_path):
    files = tiny_models.write_model(tmp_path, tiny_models.bottom_up())
    arguments = told({'0.png': [pose(1)], '1.png': []})
    judge = dict(type='mmkbdm.MMPoseJudge', **files)
    (tmp_path / 'judge.py').write_text(
        f'judge = {judge!r}\n'
        f'ceiling = dict(images={str(tmp_path / "images")!r}, '
        f'poses={str(tmp_path / "poses.json")!r})'
    )
    assert run(*arguments)[0] == 0
    content, _ = report(tmp_path / 'out')
    assert content['judge']['name'] == 'MMPoseJudge'
    own = content['judge_ceiling']
    assert own['what'].startswith('2 real images')
    assert own['metrics']['AP'] == content['metrics']['AP']
    assert len(list(tmp_path.glob('ceiling-*.json'))) == 1
    line = reason(run(*arguments, '--judge-weights', 'missing.pth'))
    assert 'missing.pth does not exist' in line


@pytest.mark.parametrize(
    'change, message',
    [
        (('--images', 'missing'), 'missing is not a folder'),
        (('--images', 'empty'), 'empty holds no image'),
        (('--images', 'others'), "images are named like 'x.png'"),
        (('--images', 'images', 'images'), '--images names a folder twice'),
        (('--poses', 'missing.json'), 'missing.json cannot be read'),
        (('--judge', 'missing.py'), 'missing.py does not exist'),
        (('--reference', 'empty'), 'empty holds no image'),
        (('--reference', 'others'), 'has the name of a generated one'),
        (('--features', 'f.py'), 'by --reference'),
        (('--prompts', 'missing.json'), 'missing.json cannot be read'),
        (('--floor', 'empty'), 'empty holds no report'),
        (('--switches', 'nms=True'), '--switches nms=True: it takes True'),
        (('--switches', 'no_nms=3'), '--switches no_nms=3: it takes True'),
        (('--batch-size', '0'), '--batch-size must be at least 1'),
        (('--clip', 'empty'), 'empty cannot be loaded'),
    ],
)
def test_one_line_for_what_is_wrong(run, told, tmp_path, change, message):
    arguments = told({'0.png': [pose(1)]})
    (tmp_path / 'empty').mkdir()
    numbered_image(tmp_path / 'others/x.png', 1)
    assert message in reason(run(*arguments, *change))


def test_names_of_reports():
    spec = importlib.util.spec_from_file_location(
        'eval_generation', ROOT / 'tools' / 'eval_generation.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names_of = module.names_of
    assert list(names_of(['x/a', 'x/b/'])) == ['a', 'b']
    assert list(names_of(['s1/img', 's2/img'])) == ['s1_img', 's2_img']
    assert list(names_of(['x/s/img', 'y/s/img'])) == ['0_img', '1_img']
