import numpy as np
import pytest
from PIL import Image
from told_judge import ToldJudge, numbered_image, pose, write_people

from mmkbdm.evaluation.inputs.item import ImageItem
from mmkbdm.evaluation.judge_images import (
    OTHER_SIZE,
    UNKNOWN_SIZE,
    UNREADABLE,
    judge_images,
)


@pytest.fixture
def judge(tmp_path):
    people = {1: [pose(1)], 2: [pose(2), pose(3)], 3: []}
    return ToldJudge(write_people(tmp_path / 'people.json', people))


def item(tmp_path, name, number, poses, size=(40, 60), annotated=(40, 60)):
    numbered_image(tmp_path / name, number, *size)
    poses = np.reshape(poses, (-1, 17, 3))
    return ImageItem(name, str(tmp_path / name), poses, annotated)


def test_images_and_what_was_found_in_them(tmp_path, judge):
    items = [
        item(tmp_path, 'c.png', 3, []),
        item(tmp_path, 'a.png', 1, [pose(1)]),
        item(tmp_path, 'b.jpg', 2, [pose(2), pose(3)]),
    ]
    evaluation = judge_images(
        items, judge, 4, {'d.png': 'no annotation'}, ['e'], 2, progress=False
    )
    assert [image.name for image in evaluation.images] == [
        'a.png',
        'b.jpg',
        'c.png',
    ]
    assert [len(calls) for calls in judge.calls] == [2, 1]
    first = evaluation.images[0]
    np.testing.assert_array_equal(first.found[..., :2], pose(1)[None, :, :2])
    np.testing.assert_array_equal(first.poses, pose(1)[None])
    assert (first.height, first.width) == (40, 60)
    assert len(evaluation.images[2].people['scores']) == 0
    assert evaluation.excluded == {'d.png': 'no annotation'}
    assert evaluation.without_image == ('e',)


def test_damaged_and_missing_files_are_excluded(tmp_path, judge):
    items = [
        item(tmp_path, name, 1, [pose(1)])
        for name in ('a.png', 'b.png', 'c.png', 'd.png')
    ]
    content = (tmp_path / 'a.png').read_bytes()
    (tmp_path / 'a.png').write_bytes(content[: len(content) // 2])
    (tmp_path / 'b.png').write_bytes(b'')
    (tmp_path / 'c.png').unlink()
    given = {'x.png': 'no annotation'}
    evaluation = judge_images(items, judge, 5, given, progress=False)
    assert [image.name for image in evaluation.images] == ['d.png']
    assert evaluation.counts['excluded_by_reason'] == {
        UNREADABLE: 3,
        'no annotation': 1,
    }
    assert len(given) == 1


def test_poses_go_to_the_size_of_the_image(tmp_path, judge):
    twice = pose(1)[None]
    twice[..., :2] = 2 * (twice[..., :2] + 0.5) - 0.5
    small = item(tmp_path, 'a.png', 1, [pose(1)], (80, 120))
    (image,) = judge_images([small], judge, 1, {}, progress=False).images
    np.testing.assert_allclose(image.poses, twice, atol=1e-4)
    unknown = item(tmp_path, 'b.png', 1, [pose(1)], (80, 120), None)
    same = item(tmp_path, 'c.png', 1, [pose(1)])
    evaluation = judge_images(
        [small, unknown, same], judge, 3, {}, progress=False, fit='none'
    )
    assert [image.name for image in evaluation.images] == ['c.png']
    assert evaluation.excluded == {
        'a.png': OTHER_SIZE,
        'b.png': UNKNOWN_SIZE,
    }


def test_image_is_brought_to_a_size_with_its_poses(tmp_path, judge):
    real = item(tmp_path, 'a.png', 1, [pose(1)])
    real = ImageItem(**{**vars(real), 'size': (20, 20)})
    (image,) = judge_images([real], judge, 1, {}, progress=False).images
    assert judge.calls == [[(20, 20, 3)]]
    inside = (pose(1)[:, 0] > 10) & (pose(1)[:, 0] < 49)
    assert ((image.poses[0, :, 2] > 0) == inside).all()


def test_file_modes_become_rgb(tmp_path):
    class Looking(ToldJudge):
        def judge(self, images):
            self.seen = [image[0, 0].tolist() for image in images]
            return super().judge(images)

    (tmp_path / 'people.json').write_text('{}')
    judge = Looking(str(tmp_path / 'people.json'))
    pixels = Image.new('RGB', (8, 6), (250, 100, 5))
    pixels.save(tmp_path / 'rgb.png')
    pixels.convert('P', palette=Image.Palette.ADAPTIVE).save(
        tmp_path / 'palette.png'
    )
    pixels.convert('L').save(tmp_path / 'grey.webp', lossless=True)
    pixels.convert('RGBA').save(tmp_path / 'alpha.png')
    # Turned by a camera's note, it would be higher than wide.
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels.save(tmp_path / 'turned.png', exif=exif)
    names = ['rgb.png', 'palette.png', 'grey.webp', 'alpha.png', 'turned.png']
    items = [
        ImageItem(name, str(tmp_path / name), np.zeros((0, 17, 3)))
        for name in names
    ]
    judge_images(items, judge, 5, {}, progress=False)
    grey = judge.seen.pop(2)
    assert judge.seen == [[250, 100, 5]] * 4
    assert grey[0] == grey[1] == grey[2]
    assert judge.calls == [[(6, 8, 3)] * 5]
