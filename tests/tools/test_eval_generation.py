"""The command that scores any folder of images, in this process."""

import csv
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / 'tests' / 'evaluation'
sys.path.insert(0, str(HELPERS))
from judges import tiny_models  # noqa: E402
from tiny_clip import write_clip  # noqa: E402
from told_judge import (  # noqa: E402
    CONFIG,
    ToldJudge,
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


def mapping(tmp_path, people):
    """HumanSD's form of the poses by file name; its path."""
    content = {}
    for number, (name, poses) in enumerate(people.items()):
        np.savez(tmp_path / f'{number}.npz', np.asarray(poses))
        content[str(number)] = dict(
            img_path=f'old/{name}', prompt='', pose_path=f'{number}.npz'
        )
    path = tmp_path / 'mapping_file.json'
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize('known', ['originals', 'reference', 'nothing'])
def test_poses_of_images_of_another_size(run, told, tmp_path, known):
    """The conditions are of twice the size of the generated images."""
    small = {f'{i}.png': [pose(i)] for i in range(3)}
    large = {name: np.array(poses) for name, poses in small.items()}
    for poses in large.values():
        poses[..., :2] = 2 * (poses[..., :2] + 0.5) - 0.5
    arguments = told(small)
    path = mapping(tmp_path, large)
    real = tmp_path / ('old' if known == 'originals' else 'real')
    for number, name in enumerate(large, start=1):
        if known != 'nothing':
            numbered_image(real / name, number, 80, 120)
    extra = ['--reference', real] if known == 'reference' else []
    status, out, _ = run(*arguments, '--poses', path, *extra)
    assert status == 0
    content, _ = report(tmp_path / 'out')
    facts = content['generation']
    if known == 'nothing':
        assert facts['images_of_unknown_size'] == 3
        assert content['metrics']['AP'] < 0.5
        (line,) = [one for one in out.splitlines() if 'note: ' in one]
        assert '3 images' in line and '--reference' in line
        assert run(*arguments, '--poses', path, '--fit', 'none')[0] == 0
        content, _ = report(tmp_path / 'out')
        assert content['counts']['excluded_by_reason'] == {
            'size of the annotation unknown': 3
        }
        return
    assert content['metrics']['AP'] == 1
    assert facts['images_of_unknown_size'] == 0
    assert facts['images_fitted'] == 3 and 'note: ' not in out
    if known == 'reference':
        assert content['ceiling']['metrics']['AP'] == 1


def test_everything_is_told_before_the_judge_works(run, told, tmp_path):
    arguments = told({'0.png': [pose(1)]})
    numbered_image(tmp_path / 'others/x.png', 1)
    images = ('--images', tmp_path / 'images', tmp_path / 'others')
    judge = ('--judge', 'gone.py')
    line = reason(run(*arguments, *images, *judge))
    assert "images are named like 'x.png'" in line


def test_ceiling_of_equal_seeds_is_judged_once(
    run, told, tmp_path, monkeypatch
):
    people = {f'{i}.png': [pose(i)] for i in range(2)}
    for folder in ('real', 'seed_0', 'seed_1', 'seed_2'):
        arguments = told(people, folder=folder)
    (tmp_path / 'seed_2/1.png').unlink()
    judged = []
    judge = ToldJudge.judge

    def counting(self, images):
        judged.append(len(images))
        return judge(self, images)

    monkeypatch.setattr(ToldJudge, 'judge', counting)
    seeds = [tmp_path / f'seed_{i}' for i in range(3)]
    reference = ('--reference', tmp_path / 'real')
    assert run(*arguments, '--images', *seeds, *reference)[0] == 0
    assert judged == [2, 2, 2, 1, 1]
    first, second = (
        report(tmp_path / 'out' / f'seed_{i}')[0]['ceiling'] for i in (0, 2)
    )
    assert first['what'].startswith('2 real images of ')
    assert second['what'].startswith('1 real images of ')


def test_wrong_configs_of_judges(run, told, tmp_path):
    arguments = told({'0.png': [pose(1)]})
    config = (tmp_path / 'judge.py').read_text()
    for old, new, words in (
        ('mmkbdm.ToldJudge', 'mmkbdm.ToldJugde', 'ToldJugde is not register'),
        ('people=', 'poeple=', "ToldJudge takes no argument 'poeple'"),
        ('judge = ', 'judge = 3 # ', 'judge = 3 is no dict'),
        ('judge = ', 'judge = = ', 'SyntaxError'),
    ):
        (tmp_path / 'judge.py').write_text(config.replace(old, new))
        line = reason(run(*arguments))
        assert words in line and 'judge.py' in line
    (tmp_path / 'judge.py').write_text(
        "judge = dict(type='mmkbdm.TransformersViTPoseJudge', path='a')"
    )
    line = reason(run(*arguments, '--judge-weights', 'a.pth'))
    assert "takes no argument 'weights': it takes path, detector" in line


def test_grey_levels_of_16_bit(run, told, tmp_path):
    arguments = told({'0.png': [pose(1)]})
    pixels = np.full((40, 60), 257, np.uint16)
    Image.fromarray(pixels).save(tmp_path / 'images/0.png')
    assert run(*arguments)[0] == 0
    content, _ = report(tmp_path / 'out')
    assert content['metrics']['AP'] == 1


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
        (('--clip', 'empty'), 'empty: mmkbdm.CLIPFeatures cannot be loaded'),
        (('--out', 'poses.json/out'), 'out cannot be written to'),
        (('--judge', 'poses.json'), 'poses.json describes no judge'),
        (('--judge', 'images/0.png'), '0.png is no config file'),
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

    def names(folders, out='o'):
        summary, places = module.places_of(folders, out)
        root = Path(out or 'work_dirs/eval_generation')
        assert all(place.parent == root for place in places)
        return summary.name, [place.name for place in places]

    assert names(['x/a', 'x/b/']) == ('o', ['a', 'b'])
    assert names(['s1/img', 's2/img']) == ('o', ['s1_img', 's2_img'])
    twice = ['x/s/img', 'y/s/img']
    assert names(twice) == ('o', ['0_s_img', '1_s_img'])
    assert module.places_of(['x/a'], 'o') == (Path('o'), [Path('o')])
    # Nobody else's report is replaced.
    assert names(['x/a'], None) == ('x_a', ['x_a'])
    assert names(['x/a', 'x/b'], None) == ('x_a_and_1_more', ['x_a', 'x_b'])
