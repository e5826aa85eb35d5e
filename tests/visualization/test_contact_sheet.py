import numpy as np
import pytest

from mmkbdm.visualization import contact_sheet


def flat(height, width, value=0):
    return np.full((height, width, 3), value, np.uint8)


def test_every_picture_has_its_place():
    values = [10, 60, 110, 160, 210]
    page = contact_sheet([flat(20, 20, v) for v in values], 3, cell_height=20)
    assert page.dtype == np.uint8
    assert page.shape == (8 + 2 * 28, 8 + 3 * 28, 3)
    for index, value in enumerate(values):
        row, column = divmod(index, 3)
        assert (page[18 + 28 * row, 18 + 28 * column] == value).all()
    assert (page[46, 74] == 255).all()


def test_sizes_may_differ_and_aspect_ratios_stay():
    page = contact_sheet([flat(40, 20), flat(10, 30)], 2, cell_height=20)
    dark = (page == 0).all(axis=2)
    assert dark[:, : page.shape[1] // 2].sum() == 20 * 10
    assert dark[:, page.shape[1] // 2 :].sum() == 20 * 60


def test_a_title_stays_on_the_page():
    pictures = [flat(20, 20, 255)]
    page = contact_sheet(pictures, 1, title='a title ' * 9, cell_height=20)
    assert (page < 128).any()
    assert (page[:, -4:] == 255).all()


def test_no_picture_no_page():
    with pytest.raises(ValueError, match='at least one picture'):
        contact_sheet([], 3)
