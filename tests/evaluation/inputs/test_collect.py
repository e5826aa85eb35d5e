import json

import numpy as np
import pytest
from told_judge import numbered_image, pose, write_coco

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.inputs.collect import NO_POSES, collect_items
from mmkbdm.evaluation.inputs.match_names import NO_ANNOTATION
from mmkbdm.evaluation.inputs.pose_file import read_pose_file


def folder(root, *names):
    for name in names:
        numbered_image(root / name, 1)
    return str(root)


def collect(tmp_path, names, annotated, **kwargs):
    path = write_coco(tmp_path / 'a.json', {n: [pose()] for n in annotated})
    images = folder(tmp_path / 'images', *names)
    return collect_items(images, read_pose_file(path), path, **kwargs)


def test_both_sides_are_accounted_for(tmp_path):
    found = collect(
        tmp_path,
        ['0.png', 'a/1.png', '9.png'],
        ['0.jpg', 'x/a/1.jpg', '2.jpg'],
    )
    assert [item.name for item in found.items] == ['0.png', 'a/1.png']
    assert found.excluded == {'9.png': NO_ANNOTATION}
    assert (found.images_given, found.without_image) == (3, ['2.jpg'])
    first = found.items[0]
    assert first.path == str(tmp_path / 'images/0.png')
    assert first.annotated_size == (40, 60)
    assert (first.prompt, first.scenario) == ('cartoon, picture 0', 'cartoon')


def test_no_match_shows_a_name_of_either_side(tmp_path):
    with pytest.raises(PreflightError, match="like '7.png' .*like '0.jpg'"):
        collect(tmp_path, ['7.png'], ['0.jpg', '1.jpg'])
    with pytest.raises(PreflightError, match='annotations like missing'):
        collect(tmp_path, ['7.png'], [])


def test_references_and_prompts(tmp_path):
    real = folder(tmp_path / 'real', 'deep/0.jpg', '5.jpg')
    found = collect(
        tmp_path,
        ['0.png', '1.png'],
        ['0.png', '1.png'],
        reference=real,
        prompts={'1.jpg': 'a dog'},
    )
    assert [item.reference for item in found.items] == [
        str(tmp_path / 'real/deep/0.jpg'),
        '',
    ]
    assert [one.prompt for one in found.items] == [
        'cartoon, picture 0',
        'a dog',
    ]
    for wrong in (
        dict(reference=folder(tmp_path / 'other', '7.png')),
        dict(prompts={'7.png': 'a dog'}),
    ):
        with pytest.raises(PreflightError, match="like '7.png'"):
            collect(tmp_path, ['0.png'], ['0.png'], **wrong)


def test_damaged_pose_file_costs_one_image(tmp_path):
    np.savez(tmp_path / '0.npz', pose()[None])
    (tmp_path / '1.npz').write_bytes(b'no zip')
    content = {
        str(i): dict(img_path=f'{i}.png', prompt='', pose_path=f'{i}.npz')
        for i in range(3)
    }
    path = tmp_path / 'mapping_file.json'
    path.write_text(json.dumps(content))
    images = folder(tmp_path / 'images', '0.png', '1.png', '2.png')
    found = collect_items(images, read_pose_file(str(path)), str(path))
    assert [item.name for item in found.items] == ['0.png']
    assert found.excluded == {'1.png': NO_POSES, '2.png': NO_POSES}


def test_size_that_is_not_annotated_is_that_of_the_real_image(tmp_path):
    np.savez(tmp_path / 'a.npz', pose()[None])
    content = {
        str(i): dict(img_path=f'old/{i}.jpg', prompt='', pose_path='a.npz')
        for i in range(3)
    }
    path = tmp_path / 'mapping_file.json'
    path.write_text(json.dumps(content))
    images = folder(tmp_path / 'images', '0.png', '1.png', '2.png')
    numbered_image(tmp_path / 'old/0.jpg', 1, 80, 120)
    numbered_image(tmp_path / 'real/0.png', 1, 20, 30)
    numbered_image(tmp_path / 'real/1.png', 1, 60, 90)
    found = collect_items(
        images,
        read_pose_file(str(path)),
        str(path),
        reference=str(tmp_path / 'real'),
    )
    sizes = [item.annotated_size for item in found.items]
    assert sizes == [(80, 120), (60, 90), None]
