import pytest

from mmkbdm.evaluation.inputs.match_names import (
    FOLDERS_DISAGREE,
    NO_ANNOTATION,
    SEVERAL_ANNOTATIONS,
    SEVERAL_IMAGES,
    match_names,
)


def matched(images, annotations):
    """Annotation by image, or the reason why there is none."""
    found = match_names(images, annotations)
    assert found.pairs.keys() | found.excluded.keys() == set(images)
    used = set(found.pairs.values())
    assert len(used) == len(found.pairs)
    assert sorted(used | set(found.without_image)) == list(
        range(len(annotations))
    )
    pairs = {name: annotations[i] for name, i in found.pairs.items()}
    return {**pairs, **found.excluded}


@pytest.mark.parametrize(
    'image, annotation',
    [
        ('a/1.png', 'a/1.png'),
        ('a/1.png', 'a/1.jpg'),
        ('a/1.png', 'HumanArt/images/a/1.jpg'),
        ('val/a/1.png', 'a/1.JPG'),
        ('1.png', 'a/1.jpg'),
        ('a/1.png', '1.jpg'),
        ('1.5.png', '1.5'),
        ('a/1.png', 'a\\1.jpg'),
    ],
)
def test_one_image_one_annotation(image, annotation):
    others = ['b/2.jpg', '1.6', 'c/11.jpg']
    assert matched([image], [*others, annotation]) == {image: annotation}


def test_folders_tell_files_of_one_name_apart():
    images = ['cartoon/7.png', 'dance/7.png']
    annotations = ['H/images/dance/7.jpg', 'H/images/cartoon/7.jpg']
    assert matched(images, annotations) == {
        'cartoon/7.png': 'H/images/cartoon/7.jpg',
        'dance/7.png': 'H/images/dance/7.jpg',
    }
    images = [f'{i}/image.png' for i in range(3000)]
    annotations = [f'{i}/image.jpg' for i in range(3000)]
    assert matched(images, annotations) == dict(zip(images, annotations))


def test_another_layout_of_the_same_files_is_noted(capsys):
    images = ['images/7.png', 'images/8.png']
    annotations = ['val/8.jpg', 'val/7.jpg', 'val/9.jpg']
    assert matched(images, annotations) == {
        'images/7.png': 'val/7.jpg',
        'images/8.png': 'val/8.jpg',
    }
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith('note: folders differ')
    assert 'images/7.png and val/7.jpg' in line
    matched(['a/7.png'], ['H/a/7.jpg'])
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    'images, annotations, expected',
    [
        (['x/1.png'], ['a/1.jpg', 'b/1.jpg'], [SEVERAL_ANNOTATIONS]),
        (['x/1.png', 'y/1.png'], ['1.jpg'], [SEVERAL_IMAGES] * 2),
        (['1.png', '1.webp'], ['1.jpg'], [SEVERAL_IMAGES] * 2),
        (['1.png', '1.webp'], ['1.webp'], [NO_ANNOTATION, '1.webp']),
        (['a/1.png', 'c/1.png'], ['a/1.jpg'], ['a/1.jpg', NO_ANNOTATION]),
        (['1.png'], ['1.png', '1.png'], [SEVERAL_ANNOTATIONS]),
        (['2.png', '12.png'], ['1.png'], [NO_ANNOTATION] * 2),
        (['1.png'], [], [NO_ANNOTATION]),
        # One of the folders is the annotated one, so the other is another.
        (
            ['a/1.png', 'x/2.png'],
            ['a/1.jpg', 'b/2.jpg'],
            ['a/1.jpg', FOLDERS_DISAGREE],
        ),
        (
            ['x/1.png', '2.png'],
            ['b/1.jpg', 'b/2.jpg'],
            [FOLDERS_DISAGREE, 'b/2.jpg'],
        ),
        # File names that occur twice need their folders.
        (['x/1.png'], ['a/1.jpg', 'a/2.jpg', 'b/2.jpg'], [FOLDERS_DISAGREE]),
        # The other annotation of the name is not guessed to be the one.
        (
            ['a/1.png', 'x/1.png'],
            ['a/1.png', 'b/1.png'],
            ['a/1.png', SEVERAL_ANNOTATIONS],
        ),
    ],
)
def test_nothing_is_guessed(images, annotations, expected):
    assert matched(images, annotations) == dict(zip(images, expected))
