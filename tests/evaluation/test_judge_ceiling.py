import pytest
from told_judge import (
    CONFIG,
    ToldJudge,
    numbered_image,
    pose,
    write_coco,
    write_people,
)

from mmkbdm.evaluation import judge_ceiling
from mmkbdm.evaluation.functional import legacy, standard
from mmkbdm.evaluation.judge_ceiling import measure_judge_ceiling


@pytest.fixture
def told(tmp_path):
    """A judge's config with two real images, one seen rightly."""
    numbered_image(tmp_path / 'real/1.png', 1)
    numbered_image(tmp_path / 'real/2.png', 2)
    names = {'1.png': [pose(1)], '2.png': [pose(2)]}
    poses = write_coco(tmp_path / 'real.json', names)
    people = write_people(tmp_path / 'people.json', {1: [pose(1)], 2: []})
    config = tmp_path / 'judge.py'
    config.write_text(
        CONFIG.format(people=people)
        + f'ceiling = dict(images={str(tmp_path / "real")!r}, '
        f'poses={poses!r})\n'
    )
    (tmp_path / 'weights.pth').write_bytes(b'')
    judge = ToldJudge(people, str(tmp_path / 'weights.pth'))
    return str(config), judge, tmp_path


def test_measured_once_for_judge_annotations_and_protocol(told, monkeypatch):
    config, judge, folder = told
    first = measure_judge_ceiling(config, judge, standard())
    assert first.scores['AP'] == pytest.approx(0.5, abs=0.01)
    assert first.what == f'2 real images of {folder / "real"}'
    assert len(judge.calls) == 1
    second = measure_judge_ceiling(config, judge, standard())
    assert len(judge.calls) == 1
    assert second.what == first.what
    assert second.scores == pytest.approx(first.scores, nan_ok=True)
    # The published scripts crash without detections: not here.
    measure_judge_ceiling(config, judge, legacy())
    assert len(judge.calls) == 2
    write_coco(folder / 'real.json', {'1.png': [pose(1)]})
    third = measure_judge_ceiling(config, judge, standard())
    assert third.scores['AP'] == 1 and len(judge.calls) == 3
    monkeypatch.setattr(judge_ceiling, '__version__', '99')
    measure_judge_ceiling(config, judge, standard())
    assert len(judge.calls) == 4
    for file in folder.glob('ceiling-*.json'):
        file.write_text('{"what": ')
    measure_judge_ceiling(config, judge, standard())
    assert len(judge.calls) == 5


def test_missing_images_are_said_and_not_kept(told):
    config, judge, folder = told
    (folder / 'real').rename(folder / 'moved')
    column = measure_judge_ceiling(config, judge, standard())
    assert column.scores == {}
    assert column.what.startswith('not measured: ')
    assert 'is not a folder' in column.what
    (folder / 'moved').rename(folder / 'real')
    assert measure_judge_ceiling(config, judge, standard()).scores
    (folder / 'real.json').unlink()
    column = measure_judge_ceiling(config, judge, standard())
    assert 'real.json does not exist' in column.what


def test_a_judge_without_ceiling_or_weights(told):
    config, judge, folder = told
    judge.weights = ''
    assert measure_judge_ceiling(config, judge, standard()).scores
    assert not list(folder.glob('ceiling-*.json'))
    (folder / 'plain.py').write_text('judge = dict()')
    plain = str(folder / 'plain.py')
    assert measure_judge_ceiling(plain, judge, standard()) is None
