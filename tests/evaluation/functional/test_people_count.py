import numpy as np
import pytest

from mmkbdm.evaluation.functional import people_count_error


def test_every_image_counts_in_its_group():
    people = np.array([0, 0, 1, 1, 2, 3, 4, 9])
    found = np.array([1, 0, 1, 3, 2, 0, 4, 5])
    assert people_count_error(found, people) == pytest.approx(
        {
            'PCE': (1 + 0 + 0 + 2 + 0 + 3 + 0 + 4) / 8,
            'PCE_0': 0.5,
            'PCE_1': 1,
            'PCE_2to3': 1.5,
            'PCE_4up': 2,
        }
    )


def test_absent_groups_are_nan():
    result = people_count_error(np.array([1]), np.array([1]))
    assert result['PCE'] == result['PCE_1'] == 0
    assert np.isnan([result['PCE_0'], result['PCE_4up']]).all()
