import pytest

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.inputs.image_folder import list_images


def test_images_below_a_folder(tmp_path):
    names = ['b.PNG', 'a/z.jpg', 'a/b/c.webp', 'd.jpeg', 'e.bmp']
    names += ['f.tif', 'g.TIFF', 'h.gif', 'i.heic']
    others = ['.hidden.png', '.git/x.png', 'note.json', 'png', 'x.png.part']
    for name in names + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list_images(str(tmp_path)) == sorted(names)


def test_no_images(tmp_path):
    with pytest.raises(PreflightError, match='holds no image'):
        list_images(str(tmp_path))
    with pytest.raises(PreflightError, match='is not a folder'):
        list_images(str(tmp_path / 'missing'))


def test_linked_folders_are_followed_once(tmp_path):
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'elsewhere/1.png').touch()
    images = tmp_path / 'images'
    images.mkdir()
    (images / 'linked').symlink_to(tmp_path / 'elsewhere')
    (images / 'linked' / 'back').symlink_to(images)
    assert list_images(str(images)) == ['linked/1.png']
