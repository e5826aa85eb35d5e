import json
from dataclasses import replace

import numpy as np
import pytest
from report_makers import image, report, run

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.judged import Evaluation
from mmkbdm.evaluation.reports.bootstrap import ImageScores, interval
from mmkbdm.evaluation.reports.compare import compare_reports
from mmkbdm.evaluation.reports.comparison_page import as_markdown, as_page
from mmkbdm.evaluation.reports.read import read_report
from mmkbdm.evaluation.scoring import score_evaluation


def compare(*folders, resamples=20, **kwargs):
    reports = [read_report(folder) for folder in folders]
    return compare_reports(
        reports, resamples=resamples, progress=False, **kwargs
    )


def wider(images):
    """The same images at twice the size."""
    return [
        replace(
            one,
            height=2 * one.height,
            width=2 * one.width,
            poses=(one.poses + (0.5, 0.5, 0)) * (2, 2, 1) - (0.5, 0.5, 0),
        )
        for one in images
    ]


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp('reports')
    for name, noise, seed in (('good', 1, 0), ('bad', 6, 1), ('like', 1, 2)):
        images = run(40, noise, seed)
        clip = {one.name: 20 + noise + i % 3 for i, one in enumerate(images)}
        report(
            root / name,
            images,
            per_image_scores={'CLIP_score': clip},
            image_scores={'FID_Net': float(noise), 'FID_Net_oil': 2.0},
        )
    return [root / name for name in ('good', 'bad', 'like')]


def test_point_scores_are_those_of_the_report(folders):
    result = compare(*folders)
    for i, folder in enumerate(folders):
        metrics = json.loads((folder / 'metrics.json').read_text())['metrics']
        for name in ('AP', 'AP50', 'AP75', 'CAP', 'PCE'):
            value = result['scores'][name][i]['value']
            assert value == pytest.approx(metrics[name], abs=1e-12)
    assert result['set_scores'] == {'FID_Net': [1, 6, 1]}
    assert result['images'] == 40


def test_a_sample_is_scored_as_its_images_are():
    images = run(30, 2)
    sample = np.random.default_rng(0).integers(30, size=30)
    expected, _ = score_evaluation(
        Evaluation([images[i] for i in sample], {}, 30)
    )
    scores = ImageScores(images).score(sample)
    for name in ('AP', 'AP50', 'AP75', 'CAP', 'PCE'):
        assert scores[name] == pytest.approx(expected[name], abs=1e-12)


def test_worse_is_marked(folders):
    result = compare(*folders, resamples=100)
    first, bad, like = result['scores']['AP']
    assert first['difference'] is None and not first['differs']
    assert bad['difference_interval'][1] < 0 and bad['differs']
    assert like['difference_interval'][0] < 0 < like['difference_interval'][1]
    low, high = bad['interval']
    assert low < bad['value'] < high
    text = as_markdown(result)
    assert text.splitlines()[0] == '| score | good | bad | like |'
    assert '**worse**' in text and '40 images are common' in text
    better = result['scores']['CLIP_score'][1]
    assert better['differs'] and better['difference'] == pytest.approx(5)
    page = as_page(result)
    assert 'class="interval worse"' in page and 'FID Net' in page
    assert 'http' not in page


def test_the_interval_covers_the_true_difference():
    """In most draws of images from a population whose scores are known."""
    good, bad = run(2500, 2, 0), run(2500, 3, 1)
    rng = np.random.default_rng(0)
    scorers = [ImageScores(images) for images in (good, bad)]
    everything = np.arange(2500)
    true = [one.score(everything) for one in scorers]
    names = ('AP', 'PCE', 'OKS')
    covered = dict.fromkeys(names, 0)
    for _ in range(30):
        chosen = rng.choice(2500, 100, replace=False)
        parts = [
            ImageScores([images[i] for i in chosen]) for images in (good, bad)
        ]
        drawn = []
        for _ in range(50):
            sample = rng.integers(100, size=100)
            one, other = (part.score(sample) for part in parts)
            drawn.append([other[name] - one[name] for name in names])
        for name, values in zip(names, np.transpose(drawn)):
            low, high = interval(values)
            covered[name] += low <= true[1][name] - true[0][name] <= high
    assert true[1]['AP'] < true[0]['AP'] - 0.02
    # 28 of 30 are expected; 50 resamples make it some fewer.
    assert min(covered.values()) >= 24, covered


def test_identical_reports_do_not_differ(folders):
    result = compare(folders[0], folders[0])
    assert result['reports'] == [f'{folders[0]} ({i})' for i in (1, 2)]
    for entries in result['scores'].values():
        assert entries[1]['difference'] == 0
        assert entries[1]['difference_interval'] == (0, 0)
        assert not entries[1]['differs']


def test_order_does_not_matter(tmp_path, folders):
    images = run(40, 1, 0)
    report(tmp_path / 'turned', images[::-1])
    result = compare(folders[0], tmp_path / 'turned')
    assert result['scores']['AP'][1]['difference_interval'] == (0, 0)
    assert 'CLIP_score' not in result['scores']
    (line,) = result['warnings']
    assert line == (
        f'CLIP_score is left out: 40 images of {tmp_path / "turned"} have none'
    )


def test_score_without_scenario_is_compared_as_well(tmp_path):
    images = run(10)
    values = {one.name: 20.0 for one in images}
    part = dict(list(values.items())[1:])
    columns = dict(CLIP_score=values, CLIP_score_without_scenario=values)
    report(tmp_path / 'a', images, per_image_scores=columns)
    report(
        tmp_path / 'b', images, per_image_scores=dict(columns, CLIP_score=part)
    )
    result = compare(tmp_path / 'a', tmp_path / 'b')
    entries = result['scores']['CLIP_score_without_scenario']
    assert [one['value'] for one in entries] == [20, 20]
    assert 'CLIP_score' not in result['scores']
    (line,) = result['warnings']
    assert f'1 images of {tmp_path / "b"} have none' in line


def test_other_features_are_warned_of(tmp_path):
    for name, features in (('a', 'Net (b1)'), ('b', 'Net (b2)'), ('c', None)):
        report(tmp_path / name, run(4), features=features)
    (line,) = compare(tmp_path / 'a', tmp_path / 'b')['warnings']
    assert line.startswith('FID and KID of the reports are of different')
    assert compare(tmp_path / 'a', tmp_path / 'c')['warnings'] == []


def test_the_seed_decides(folders):
    assert compare(*folders) == compare(*folders)
    assert compare(*folders) != compare(*folders, seed=1)


def test_only_common_images(tmp_path, folders):
    images = run(40, 1, 0)
    more = [*images[:20], image('more.png')]
    report(tmp_path / 'part', more)
    result = compare(folders[0], tmp_path / 'part')
    assert result['images'] == 20
    assert result['not_common'] == {'good': 20, 'part': 1}
    assert result['scores']['AP'][1]['difference'] == 0
    text = as_markdown(result)
    assert 'left out for being in some only: 20 of good, 1 of part' in text
    assert 'Fewer than 30 images' in text


def test_size_of_images_may_differ(tmp_path, folders):
    report(tmp_path / 'wide', wider(run(40, 1, 0)))
    assert compare(folders[0], tmp_path / 'wide')['images'] == 40


def test_nobody_to_be_found(tmp_path):
    images = [image(f'{i}.png', 0, false=i) for i in range(3)]
    report(tmp_path / 'a', images)
    report(tmp_path / 'b', images)
    result = compare(tmp_path / 'a', tmp_path / 'b')
    assert result['scores']['AP'][1] == dict(
        value=None,
        interval=None,
        difference=None,
        difference_interval=None,
        differs=False,
    )
    assert result['scores']['PCE'][1]['value'] == 1
    assert 'n/a' in as_markdown(result) and 'n/a' in as_page(result)


def test_other_judge_and_protocol_are_warned_of(tmp_path, folders):
    report(
        tmp_path / 'other',
        run(40, 1, 0),
        judge=dict(name='Other'),
        protocol_name='legacy',
        switches=dict(fail_without_detections=False),
    )
    result = compare(folders[0], tmp_path / 'other')
    judges, protocols, _ = result['warnings']
    assert 'different judges' in judges and 'other' in judges
    assert 'different protocols' in protocols
    # Scored in one protocol, the poses being the same.
    assert result['scores']['AP'][1]['difference'] == 0
    for text in (as_markdown(result), as_page(result)):
        assert 'different judges' in text
    assert compare(*folders)['warnings'] == []


def test_other_versions_are_no_other_judge(tmp_path, folders):
    for name, version in (('old', '2'), ('new', '3')):
        judge = dict(
            name='Judge',
            versions={'torch': version},
            detector=dict(name='Detector', versions={'torch': version}),
        )
        report(tmp_path / name, run(40, 1, 0), judge=judge)
    assert compare(tmp_path / 'old', tmp_path / 'new')['warnings'] == []


def test_what_cannot_be_compared(tmp_path, folders):
    images = run(40, 1, 0)
    images[3] = replace(images[3], poses=images[3].poses + 1)
    report(tmp_path / 'moved', images)
    report(tmp_path / 'foreign', [image('x.png'), image('y.png')])
    report(tmp_path / 'single', [image('x.png')])
    for names, words in (
        ([folders[0]], '1 report given'),
        ([folders[0], tmp_path / 'moved'], '0003.png was to show other poses'),
        ([folders[0], tmp_path / 'foreign'], 'have no image in common'),
        ([tmp_path / 'foreign', tmp_path / 'single'], r'one image \(x.png\)'),
    ):
        with pytest.raises(PreflightError, match=words):
            compare(*names)
    with pytest.raises(PreflightError, match='--resamples 0'):
        compare(*folders, resamples=0)


@pytest.mark.parametrize(
    'name, content, words',
    [
        ('metrics.json', None, 'holds no report'),
        ('metrics.json', b'{', r'metrics.json is damaged'),
        ('metrics.json', b'[]', r'metrics.json is damaged'),
        ('metrics.json', b'{"metrics": 3}', 'metrics.json is damaged'),
        ('metrics.json', b'\xff', 'metrics.json is damaged'),
        ('poses.npz', None, r'poses.npz is missing'),
        ('poses.npz', b'', r'poses.npz is damaged'),
        ('poses.npz', 'flipped', r'poses.npz is damaged'),
        ('poses.npz', b'PK\x03\x04 cut off', r'poses.npz is damaged'),
        ('per_image.csv', None, r'per_image.csv is missing'),
        ('per_image.csv', b'', r'per_image.csv is damaged'),
        ('per_image.csv', b'name,x\na,b\n', 'per_image.csv is damaged'),
    ],
)
def test_damaged_reports(tmp_path, name, content, words):
    report(tmp_path, [image('a.png')])
    if content is None:
        (tmp_path / name).unlink()
    elif content == 'flipped':
        data = bytearray((tmp_path / name).read_bytes())
        data[400:500] = bytes(100)
        (tmp_path / name).write_bytes(data)
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PreflightError, match=words):
        read_report(tmp_path)


@pytest.mark.parametrize('value', ['"high"', '[1]', 'true'])
def test_score_that_is_no_number(tmp_path, value):
    report(tmp_path, [image('a.png')])
    path = tmp_path / 'metrics.json'
    content = json.loads(path.read_text())
    content['metrics']['AP'] = json.loads(value)
    path.write_text(json.dumps(content))
    with pytest.raises(PreflightError, match='damaged .AP is'):
        read_report(tmp_path)


@pytest.mark.parametrize(
    'key, change',
    [
        ('poses', lambda value: value[:, :5]),
        ('keypoints', lambda value: value[:1]),
        ('scores', lambda value: value[:, None]),
        ('size', lambda value: value[:, :1]),
        ('path', lambda value: value[:1]),
        ('num_people', lambda value: value + 1),
        ('bboxes', lambda value: value.astype(str)),
    ],
)
def test_arrays_that_do_not_fit_together(tmp_path, key, change):
    report(tmp_path, run(3))
    with np.load(tmp_path / 'poses.npz') as file:
        arrays = dict(file)
    arrays[key] = change(arrays[key])
    np.savez(tmp_path / 'poses.npz', **arrays)
    with pytest.raises(PreflightError, match='poses.npz is damaged'):
        read_report(tmp_path)


def test_files_of_two_evaluations(tmp_path):
    report(tmp_path / 'a', run(3))
    report(tmp_path / 'b', run(4))
    (tmp_path / 'a' / 'poses.npz').replace(tmp_path / 'b' / 'poses.npz')
    with pytest.raises(PreflightError, match='3 images and metrics.json 4'):
        read_report(tmp_path / 'b')
    with pytest.raises(PreflightError, match='nowhere holds no report'):
        read_report('nowhere')
