import numpy as np
import pytest
from PIL import Image

from mmkbdm.evaluation.inputs.read_image import image_size, read_image
from mmkbdm.utils.errors import UnreadableImageError

LEVELS = np.array([[0, 257, 128 * 257], [65535, 514, 1000]])


@pytest.mark.parametrize('kind', [np.uint16, np.int32])
def test_grey_levels_of_16_bit(tmp_path, kind):
    path = str(tmp_path / ('a.png' if kind is np.uint16 else 'a.tiff'))
    Image.fromarray(LEVELS.astype(kind)).save(path)
    pixels = read_image(path)
    assert pixels.shape == (2, 3, 3) and pixels.dtype == np.uint8
    expected = [[0, 1, 128], [255, 2, 4]]
    np.testing.assert_array_equal(pixels, np.dstack([expected] * 3))


@pytest.mark.parametrize(
    'numbers',
    [
        LEVELS.astype(np.int32) * 100,
        LEVELS.astype(np.int32) - 1,
        LEVELS.astype(np.float32) / 65535,
    ],
)
def test_numbers_that_are_no_levels(tmp_path, numbers):
    path = str(tmp_path / 'a.tiff')
    Image.fromarray(numbers).save(path)
    with pytest.raises(UnreadableImageError, match='not of 8 or 16 bit'):
        read_image(path)


def test_first_frame(tmp_path):
    frames = [Image.new('RGB', (8, 6), (0, level, 0)) for level in (200, 9)]
    path = str(tmp_path / 'a.gif')
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert read_image(path)[0, 0].tolist() == [0, 200, 0]


def test_size_without_decoding(tmp_path):
    path = tmp_path / 'a.png'
    Image.new('RGB', (80, 60)).save(path)
    path.write_bytes(path.read_bytes()[:60])
    assert image_size(str(path)) == (60, 80)
    path.write_bytes(b'no image')
    assert image_size(str(path)) is None
    assert image_size(str(tmp_path / 'gone.png')) is None
