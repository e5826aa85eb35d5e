import numpy as np
import pytest
import torch

from mmkbdm.models.necks import RMPG, HierarchicalRMPG
from mmkbdm.visualization.figure import part_name
from mmkbdm.visualization.parse_graph_context import cell_of, context_page
from mmkbdm.visualization.parse_graph_pages import (
    gates_page,
    overview_page,
    parts_page,
    strength_page,
)
from mmkbdm.visualization.parse_graph_person import Person
from mmkbdm.visualization.parse_graph_record import Place, recorded

ROOT = Place(0, 0, 0)


@torch.no_grad()
def person_of(neck):
    """A person of noise in a crop of 32 x 48, features of 5 x 7."""
    torch.manual_seed(0)
    crop = np.random.default_rng(0).integers(0, 256, (48, 32, 3), np.uint8)
    with recorded(neck) as levels:
        neck(torch.randn(1, neck.in_channels, 7, 5))
    joints = dict(
        nose=np.array([15.0, 8.0]),
        left_wrist=np.array([31.9, 47.9]),
        # Predictions may lie outside of the crop.
        right_ankle=np.array([-3.0, 60.0]),
    )
    bones = [('nose', 'left_wrist')]
    return Person(crop, joints, bones, dict(sorted(levels.items())))


def texts(page):
    return [
        text.get_text()
        for text in page.figure.findobj(match=lambda a: hasattr(a, 'get_text'))
    ]


def is_picture(page, tmp_path):
    import cv2

    picture = cv2.imread(str(page.save(tmp_path / 'page.png')))
    # Something is drawn, and paper is left.
    return 0.05 < (picture < 250).mean() < 0.95


@pytest.mark.parametrize(
    'settings',
    [
        dict(),
        dict(kv_pool=2),
        dict(groups=(3, 2)),
        dict(kernel_size=3, position='none', combine='add'),
        dict(mid_channels=12),
    ],
)
def test_context_of_tokens(settings, tmp_path):
    settings = dict(dict(groups=(2, 2)), **settings)
    person = person_of(RMPG(12, gate_init=0.5, **settings))
    count = settings['groups'][0]
    joints = list(person.joints)
    page = context_page(person, ROOT, 0, joints, {'1.1': 'the arms'})
    shown = ' '.join(' '.join(texts(page)).split())
    titles = [ax.get_title() for ax in page.panels.flat]
    assert sum('answers:' in title for title in titles) == 3 * count**2
    for child in range(count):
        assert f'1.{child} asks at the\nleft wrist' in titles
    assert '1.1 was trained to find the arms' in shown
    pooled = 'averages of 2 x 2 cells' in shown
    assert pooled == (settings.get('kv_pool') == 2)
    assert is_picture(page, tmp_path)


def test_a_pooled_map_may_jut_out_of_the_crop():
    person = person_of(RMPG(12, groups=(2, 2), kv_pool=2))
    page = context_page(person, ROOT, 0, ['nose'], {})
    heat = page.panels[0, 1].images[-1]
    # 3 x 4 averages of 2 x 2 cells on 5 x 7 cells.
    assert heat.get_array().shape == (4, 3)
    np.testing.assert_allclose(
        heat.get_extent(), (0, 32 * 6 / 5, 48 * 8 / 7, 0)
    )
    assert page.panels[0, 1].get_xlim() == (0, 32)


def test_the_brightest_cell_is_where_attention_goes():
    """Keys that all point at one cell of the second child."""
    neck = RMPG(4, groups=(2,), position='none')
    relation = neck.graphs[0].levels[0].relation
    person = person_of(neck)
    record = person.levels[ROOT]
    key = torch.zeros(4, 7, 5)
    key[2:, 6, 0] = 50.0
    relation.project = lambda y: [torch.ones(1, 4, 7, 5), key[None], None]
    page = context_page(person, ROOT, 0, ['nose'], {})
    assert record.module.relation is relation
    for row in (0, 1):
        first, second = (
            page.panels[row, i].images[-1].get_array() for i in (1, 2)
        )
        assert first.max() < 1e-3
        assert np.unravel_index(second.argmax(), second.shape) == (6, 0)
        assert second.max() == pytest.approx(70, rel=1e-3)
        assert page.panels[row, 2].get_title() == '1.1 answers:\n100%'
    cells = [text.get_text() for text in page.panels[0, -1].texts]
    assert cells == ['0%', '100%', '0%', '100%']


def test_context_of_channels(tmp_path):
    person = person_of(RMPG(12, groups=(2, 2), context='channel'))
    page = context_page(person, ROOT._replace(level=1), 1, ['nose'], {})
    shown = texts(page)
    assert any('relates whole features' in text for text in shown)
    assert '2.2' in shown and '2.3' in shown
    assert is_picture(page, tmp_path)


@pytest.mark.parametrize('context', ['token', 'none'])
def test_overview_strength_and_gates(context, tmp_path):
    neck = HierarchicalRMPG(16, context=context, gate_init=0.5)
    person = person_of(neck)
    stage = Place(0, 2, 0)
    page = overview_page(person, stage, ['nose'], {'2.3': 'right hip'})
    shown = ' '.join(texts(page))
    assert '(stage 2)' in shown and 'right hip' in shown and '2.3\n' in shown
    assert is_picture(page, tmp_path)
    page = strength_page(person, stage)
    assert 'Where the context is strong (stage 2)' in texts(page)
    assert sum('node 2.' in text for text in texts(page)) == 4
    assert is_picture(page, tmp_path)
    page = gates_page(person, 0, outer=None)
    titles = [ax.get_title() for ax in page.panels[:, 0]]
    assert titles == ['stage 0', 'stage 1', 'stage 2']
    dots = sum(len(line.get_xdata()) for line in page.panels[2, 0].lines[1:])
    assert dots == 3 * 16
    assert is_picture(page, tmp_path)


def test_gates_of_a_bottleneck():
    neck = RMPG(20, mid_channels=8, gate_init=0.25)
    outer = neck.graphs[0].gate.gamma
    page = gates_page(person_of(neck), 0, outer)
    assert len(page.panels) == 2
    labels = [t.get_text() for t in page.panels[1, 0].get_xticklabels()]
    assert labels == ['outer gate\naverage distance from 0: 0.25']


def test_parts(tmp_path):
    person = person_of(RMPG(16, groups=(2, 2)))
    heatmaps = [torch.zeros(2, 7, 5), torch.zeros(1, 7, 5)]
    heatmaps[0][1, 3, 2] = 0.8
    parts = [['left_wrist', 'nose'], ['right_ankle']]
    page = parts_page(person, Place(0, 0, 1), heatmaps, parts)
    first = page.panels[0, 1].images[-1].get_array()
    assert first[3, 2] == pytest.approx(0.8) and first.sum() < 0.81
    assert page.panels[0, 2].get_title() == 'node 1.1:\nright ankle'
    assert is_picture(page, tmp_path)


def test_cell_of():
    crop = np.zeros((48, 32, 3), np.uint8)
    assert cell_of(np.array([0, 0]), crop, (7, 5)) == (0, 0)
    assert cell_of(np.array([31.9, 47.9]), crop, (7, 5)) == (6, 4)
    assert cell_of(np.array([16, 24]), crop, (12, 8)) == (6, 4)
    assert cell_of(np.array([-9, 99]), crop, (7, 5)) == (6, 0)


def test_part_name():
    assert part_name(['nose']) == 'nose'
    assert part_name(['left_hip', 'left_knee']) == 'left hip, knee'
    assert part_name(['nose', 'left_eye', 'right_eye']) == 'nose, eye'
    assert part_name(['top_head', 'neck']) == 'top head, neck'
    assert part_name(['nose', 'left_eye'], 2) == 'whole body'
