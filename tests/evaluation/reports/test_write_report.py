import base64
import csv
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from PIL import Image
from report_makers import image, report, run

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.judged import Evaluation, load_poses
from mmkbdm.evaluation.reports.column import Column
from mmkbdm.evaluation.reports.gallery import _overlay, cards, worst_and_best
from mmkbdm.evaluation.scoring import (
    FLOOR,
    image_table,
    score_evaluation,
    shuffled,
)


class Tags(HTMLParser):
    """Fails for elements that are not closed; collects the open ones."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.links, self.words = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.links += [v for k, v in attrs if k in ('src', 'href')]
        if tag not in ('img', 'meta'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if 'style' not in self.open:
            self.words.append(data)


def read_page(folder):
    tags = Tags((folder / 'report.html').read_text())
    return tags, ' '.join(tags.words)


def strict(folder):
    """Read metrics.json; NaN in it would be an error."""

    def fail(name):
        raise AssertionError(name)

    text = (folder / 'metrics.json').read_text()
    return json.loads(text, parse_constant=fail)


@pytest.fixture
def images(tmp_path):
    images = run(20)
    images += [image('none.png', 0), image('false.png', 0, false=3)]
    picture = np.full((96, 128, 3), 200, np.uint8)
    cv2.imwrite(str(tmp_path / 'here.png'), picture)
    images.append(image('here.png', 2, 2, path=str(tmp_path / 'here.png')))
    return images


def test_files_say_the_same(tmp_path, images):
    columns = {'CLIP_score': {'0001.png': 23.5}}
    content = report(
        tmp_path / 'run',
        images,
        {'bad.png': 'cannot be read'},
        ('lost.png',),
        per_image_scores=columns,
        image_scores={
            'FID_Net': 3.25,
            'KID_Net': float('nan'),
            'images_with_reference': 22,
        },
        features='Net',
        seeds=[np.int64(3)],
    )
    assert sorted(os.listdir(tmp_path / 'run')) == [
        'metrics.json',
        'per_image.csv',
        'poses.npz',
        'report.html',
    ]
    assert strict(tmp_path / 'run') == content
    evaluation = Evaluation(images, {'bad.png': 'cannot be read'}, 24)
    scores, counts = score_evaluation(evaluation)
    for name in ('AP', 'CAP', 'PCE', 'AP_2to3'):
        assert content['metrics'][name] == scores[name]
    assert content['metrics']['FID_Net'] == 3.25
    assert content['metrics']['KID_Net'] is None
    assert content['counts']['images_with_reference'] == 22
    assert 'images_with_reference' not in content['metrics']
    assert content['counts']['people'] == counts['people']
    assert content['counts']['pairs_undefined'] == scores['pairs_undefined']
    assert content['counts']['annotations_without_image'] == 1
    assert content['seeds'] == [3]
    assert content['protocol']['switches']['no_nms'] is False
    with open(tmp_path / 'run' / 'per_image.csv', newline='') as file:
        rows = {row['name']: row for row in csv.DictReader(file)}
    assert len(rows) == 24
    assert rows['bad.png']['reason'] == 'cannot be read'
    assert rows['0001.png']['CLIP_score'] == '23.5'
    assert rows['0002.png']['CLIP_score'] == ''
    assert float(rows['here.png']['oks']) == 0
    assert len(load_poses(tmp_path / 'run' / 'poses.npz')) == 23


def test_floor_is_measured_unless_given(tmp_path, images):
    content = report(tmp_path, images)
    mixed = Evaluation(shuffled(images), {}, len(images))
    assert content['floor']['what'] == FLOOR
    assert (
        content['floor']['metrics']['AP'] == score_evaluation(mixed)[0]['AP']
    )
    assert content['metrics']['AP'] > 5 * content['floor']['metrics']['AP']
    content = report(tmp_path, images, floor=Column('a blind one', {'AP': 0}))
    assert content['floor'] == dict(what='a blind one', metrics={'AP': 0})


def test_page_has_all_parts(tmp_path, images):
    report(
        tmp_path,
        images,
        {'bad.png': 'cannot be read'},
        ('lost.png',),
        ceiling=Column('real images of a kind', {'AP': 0.987}),
        image_scores={
            'FID_Net': 3.25,
            'FID_Net_oil_painting': 4.5,
            'KID_Net': 0.01,
            'KID_std_Net': 0.002,
            'CLIP_score': 25,
        },
        features='Net',
    )
    tags, words = read_page(tmp_path)
    for text in (
        '23 scored + 1 excluded = 24 given',
        '1 excluded, cannot be read',
        'lost.png',
        '0.987',
        'real images of a kind',
        FLOOR,
        'FID Net oil painting',
        '± 0.0020',
        'It hardly discriminates',
        'weights_sha256',
        'ab12',
        'python tools/judge.py',
        'no OKS · nobody asked for, 3 found',
        'not to be read any more: nowhere/',
    ):
        assert text in words, text
    assert 'nan' not in words.lower().replace('that are nan', '')
    assert tags.seen.count('svg') == 2
    # 23 images: each shows its condition, and one has a file.
    assert tags.seen.count('img') == 23 - 1 + 1
    assert all(link.startswith('data:image/jpeg') for link in tags.links)


def test_no_url(tmp_path, images):
    report(tmp_path, images)
    text = (tmp_path / 'report.html').read_text()
    assert 'http' not in text and 'url(' not in text


def test_texts_are_escaped(tmp_path, images):
    evil = '<script>alert(1)</script>'
    named = image(evil, 1, path=f'no/"{evil}', prompt=evil, scenario=evil)
    report(
        tmp_path / evil.replace('/', ''),
        [named, *images],
        {evil + '2': evil},
        (evil,),
        judge=dict(name=evil, deep={evil: [evil, {evil: None}]}),
        ceiling=Column(evil, {}),
        generation={evil: evil},
        command=evil,
        image_scores={evil: 1.0, f'FID_{evil}': 1.0, 'CLIP_score': 1.0},
        features=evil,
    )
    tags, words = read_page(tmp_path / evil.replace('/', ''))
    assert 'script' not in tags.seen and evil in words


@pytest.mark.parametrize(
    'images, words',
    [
        ([], 'nobody was asked for'),
        ([image('a.png', 0)], 'nobody in them was to be found'),
        ([image('a.png', 2, 2)], 'AP 0.000'),
        ([image('a.png', 1)], 'there is no other image'),
    ],
)
def test_little_to_score(tmp_path, images, words):
    content = report(tmp_path, images, {'bad.png': 'cannot be read'})
    assert words in read_page(tmp_path)[1]
    assert (content['floor'] is None) == (len(images) < 2)
    assert strict(tmp_path)['counts']['images_given'] == len(images) + 1


def test_odd_poses(tmp_path):
    """NaN, one visible joint, far outside, another size now, no image."""
    odd = [image(f'{i}.png', 12) for i in range(4)]
    odd[0].poses[0, :, 0] = np.nan
    odd[0].poses[1, 1:, 2] = 0
    odd[0].people['keypoints'][:2] = np.nan
    odd[1].poses[..., :2] += 1e12
    for i, size in ((2, (50, 40)), (3, (96, 128))):
        path = tmp_path / f'{i}.png'
        cv2.imwrite(str(path), np.zeros((*size, 3), np.uint8))
        odd[i] = image(f'{i}.png', 2, path=str(path))
    (tmp_path / 'broken.png').write_bytes(b'no image')
    odd.append(image('4.png', path=str(tmp_path / 'broken.png')))
    report(tmp_path / 'run', odd)
    tags, words = read_page(tmp_path / 'run')
    assert 'is 40 x 50, was 128 x 96' in words
    assert f'any more: {tmp_path / "broken.png"}' in words
    assert tags.seen.count('img') == 5 + 1


def test_legacy(tmp_path, images):
    switches = dict(fail_without_detections=False)
    content = report(
        tmp_path, images, protocol_name='legacy', switches=switches
    )
    assert content['protocol']['switches']['y_from_x']
    assert '13 quirks' in read_page(tmp_path)[1]
    empty = [image(f'{i}.png', 1, 1) for i in range(4)]
    with pytest.raises(PreflightError, match='no detections in images 0 to 3'):
        report(tmp_path, empty, protocol_name='legacy')


def test_pictures_are_those_that_were_judged(tmp_path):
    path = tmp_path / 'grey.png'
    grey = np.full((96, 128), 128 * 257, np.uint16)
    Image.fromarray(grey).save(path)
    pixels = _overlay(image('a.png', 0, path=str(path)), np.zeros((0, 17, 3)))
    data = base64.b64decode(re.search('base64,([^"]+)', pixels).group(1))
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(shown.astype(int) - 128).max() <= 2


def test_image_whose_people_have_no_oks():
    images = [image(f'{i}.png', seed=i) for i in range(2)]
    images[0].poses[:, 1:] = 0
    evaluation = Evaluation(images, {}, 2)
    rows = image_table(evaluation)
    assert rows[0]['oks'] == '' and rows[0]['people'] == 1
    worst, _ = worst_and_best(rows)
    assert 'no OKS' in cards(['0.png'], evaluation, rows) and worst


def test_worst_and_best():
    def row(name, oks, people=1, error=0):
        return dict(
            name=name,
            status='scored',
            people=people,
            people_count_error=error,
            oks=oks,
        )

    rows = [row(f'{i}', i / 10) for i in range(10)]
    rows += [row('false', '', 0, 3), row('none', '', 0), row('0b', 0, 1, 2)]
    rows.append(dict(name='bad', status='excluded', reason='broken'))
    worst, best = worst_and_best(rows, 5)
    # 1 / (1 + 3) lies between .2 and .3, and nobody is no achievement.
    assert worst == ['0b', '0', '1', '2', 'false']
    assert best == ['9', '8', '7', '6', '5']
    worst, best = worst_and_best(rows)
    assert len(worst) == 7 and best == ['9', '8', '7', '6', '5']
    assert worst_and_best(rows[:1]) == (['0'], [])


def test_many_images_stay_small(tmp_path, images):
    path = tmp_path / 'large.png'
    noise = np.random.default_rng(0).integers(0, 255, (512, 512, 3), np.uint8)
    cv2.imwrite(str(path), noise)
    fields = dict(path=str(path), height=512, width=512)
    report(tmp_path, [image(f'{i}.png', **fields) for i in range(30)])
    assert (tmp_path / 'report.html').stat().st_size < 4e6


def test_a_failure_leaves_the_last_report(tmp_path, images, monkeypatch):
    content = report(tmp_path, images)

    def full(*args):
        raise OSError(28, 'no space left')

    with monkeypatch.context() as patch:
        patch.setattr(os, 'replace', full)
        with pytest.raises(PreflightError, match='no space left'):
            report(tmp_path, images[:5])
    assert strict(tmp_path) == content
    assert not [name for name in os.listdir(tmp_path) if '.tmp' in name]


CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')


@pytest.mark.skipif(CHROMIUM is None, reason='no chromium')
def test_in_a_browser(tmp_path, images):
    report(tmp_path, images)
    command = [CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu']
    command += [f'--user-data-dir={tmp_path / "profile"}', '--dump-dom']
    done = subprocess.run(
        [*command, f'file://{tmp_path}/report.html'],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.count('<table') == 6
    assert '</main>' in done.stdout
    assert not re.search(r'(src|href)="(?!data:)', done.stdout)
