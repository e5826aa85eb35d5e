import numpy as np
import pytest
from mmpose.visualization import PoseLocalVisualizer

from mmkbdm.visualization import (
    captioned,
    enlarge,
    fit_pen,
    labelled,
    zoom_points,
)


@pytest.mark.parametrize('side, zoom', [(64, 8), (128, 4), (480, 1), (900, 1)])
def test_small_images_are_enlarged(side, zoom):
    image = np.zeros((side, side + 10, 3), np.uint8)
    large, found = enlarge(image)
    assert found == zoom
    assert large.shape == (side * zoom, (side + 10) * zoom, 3)


def test_points_stay_on_their_pixels():
    image = np.zeros((9, 9, 3), np.uint8)
    image[2, 6] = 255
    large, zoom = enlarge(image, 45)
    point = zoom_points(np.array([[[6.0, 2.0]]]), zoom)
    rows, columns = np.nonzero(large[..., 0] > 128)
    assert point[0, 0] == pytest.approx([columns.mean(), rows.mean()])


def test_the_pen_grows_with_the_picture():
    visualizer = PoseLocalVisualizer('pen')
    sizes = []
    for side in (64, 512, 2048):
        fit_pen(visualizer, np.zeros((side, 2 * side, 3)))
        sizes.append((visualizer.line_width, visualizer.radius))
        assert visualizer.radius > visualizer.line_width
    assert sizes == sorted(set(sizes))
    assert sizes[0][0] >= 1


def test_points_that_nobody_annotated():
    keypoints = np.array([[[0.0, 0.0], [3.0, 0.0], [4.0, 5.0]]])
    expected = [[0, 1, 0]]
    visible = np.array([[1.0, 1.0, 0.0]])
    assert (labelled(keypoints, visible) == expected).all()
    weighted = np.stack([visible, np.full((1, 3), 0.5)], axis=-1)
    assert (labelled(keypoints, weighted) == expected).all()


def test_each_panel_has_its_caption():
    picture = np.zeros((100, 200, 3), np.uint8)
    page = captioned(picture, ['truth', 'a caption too long for it'])
    strip = page[:-100]
    assert (page[-100:] == 0).all()
    for panel in np.split(strip, 2, axis=1):
        assert (panel < 128).any()
        assert (panel[:, :2] == 255).all()
        assert (panel[-1:] == 255).all()
