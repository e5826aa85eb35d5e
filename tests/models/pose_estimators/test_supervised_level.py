import copy

import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from tiny_estimators import HIERARCHY, build, supervised
from torch import nn

from mmkbdm.models.necks import RMPG, HierarchicalRMPG
from mmkbdm.models.pose_estimators import supervised_levels

COCO = parse_pose_metainfo(HIERARCHY.metainfo)
QUARTERS = HIERARCHY.auxiliary[2].parts


@pytest.fixture
def auxiliary():
    return copy.deepcopy(HIERARCHY.auxiliary)


@pytest.fixture
def neck():
    return HierarchicalRMPG(32)


def test_channels_and_joints(auxiliary, neck):
    levels = supervised_levels(auxiliary, neck, COCO)
    assert [(v.stage, v.level, v.channels) for v in levels] == [
        (0, 0, 32),
        (1, 1, 16),
        (2, 2, 8),
    ]
    assert [len(level.joints) for level in levels] == [1, 2, 4]
    assert levels[2].joints[2] == [11, 13, 15]
    assert [level.weight for level in levels] == [1.0, 1.0, 1.0]


def test_a_bottleneck_has_nodes_of_its_own_width(auxiliary):
    neck = HierarchicalRMPG(32, mid_channels=16)
    levels = supervised_levels(auxiliary, neck, COCO)
    assert [level.channels for level in levels] == [16, 8, 4]


def test_a_single_rmpg(auxiliary):
    del auxiliary[2]['stage']
    (level,) = supervised_levels(auxiliary[2:], RMPG(32), COCO)
    assert (level.stage, level.level, level.channels) == (0, 2, 8)


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(stage=3), ['.stage=3 does not exist', 'has 3, counted from 0']),
        (dict(stage=-1), ['.stage=-1 does not exist']),
        (dict(stage='last'), [".stage='last' does not exist"]),
        (dict(level=3), ['.level=3 does not exist', 'stage 2', 'has 3']),
        (
            dict(level=1),
            ['4 parts for the 2 nodes of stage 2, level 1', 'groups'],
        ),
        (
            dict(parts=QUARTERS[:3]),
            ['3 parts for the 4 nodes of stage 2, level 2'],
        ),
        (dict(parts=[['tail'], *QUARTERS[1:]]), ['.parts[0]', "'tail'"]),
        (dict(lambda_=1), ['no argument lambda_', 'weight']),
        (
            dict(stage=1, level=1, parts=HIERARCHY.auxiliary[1].parts),
            ['stage 1, level 1', 'auxiliary[1] does already'],
        ),
    ],
    ids=str,
)
def test_wrong_levels(auxiliary, neck, change, words):
    auxiliary[2].update(change)
    message = refusal(auxiliary, neck, COCO)
    assert message.startswith('auxiliary[2]')
    assert all(word in message for word in words)


def test_no_parts(auxiliary, neck):
    del auxiliary[0]['parts']
    assert 'auxiliary[0] has no parts' in refusal(auxiliary, neck, COCO)


def test_not_a_list_of_dicts(auxiliary, neck):
    assert 'must be a list of one dict' in refusal(auxiliary[0], neck, COCO)
    message = refusal(auxiliary[0].parts[0][:1], neck, COCO)
    assert "auxiliary[0]='nose' must be a dict" in message


def test_metainfo_missing(auxiliary, neck):
    message = refusal(auxiliary, neck, None)
    assert 'model.metainfo=dict(from_file=' in message


@pytest.mark.parametrize('neck', [None, nn.Identity()])
def test_neck_without_nodes(auxiliary, neck):
    message = refusal(auxiliary, neck, COCO)
    assert 'mmkbdm.HierarchicalRMPG' in message


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(metainfo=None), 'model.metainfo'),
        (dict(neck=None), 'model.neck.type'),
        (dict(neck=dict(type='GlobalAveragePooling')), 'model.neck.type'),
    ],
    ids=str,
)
def test_the_estimator_refuses_likewise(change, words):
    with pytest.raises(ValueError, match=words):
        build(supervised('heatmap', **change))


def refusal(auxiliary, neck, metainfo):
    with pytest.raises(ValueError) as caught:
        supervised_levels(auxiliary, neck, metainfo)
    message = str(caught.value)
    assert '\n' not in message
    return message
