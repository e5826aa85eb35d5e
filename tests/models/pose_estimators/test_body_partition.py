from pathlib import Path

import pytest
from mmengine.config import Config
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmkbdm.models.pose_estimators.body_partition import joint_indices

BASES = Path(__file__).parents[3] / 'configs' / 'rmpg' / '_base_'
LEVELS = dict(whole=1, halves=2, quarters=4)
LEFT_LEG, RIGHT_LEG = [11, 13, 15], [12, 14, 16]
COCO = dict(
    whole=[list(range(17))],
    halves=[list(range(11)), list(range(11, 17))],
    quarters=[list(range(5)), list(range(5, 11)), LEFT_LEG, RIGHT_LEG],
)
CROWDPOSE = dict(
    whole=[list(range(14))],
    halves=[[0, 1, 2, 3, 4, 5, 12, 13], list(range(6, 12))],
    quarters=[[12, 13], list(range(6)), [6, 8, 10], [7, 9, 11]],
)
MPII = dict(
    whole=[list(range(16))],
    halves=[list(range(7, 16)), list(range(7))],
    quarters=[[7, 8, 9], list(range(10, 16)), [3, 4, 5, 6], [0, 1, 2, 6]],
)
EXPECTED = dict(coco=COCO, crowdpose=CROWDPOSE, mpii=MPII)


def metainfo(dataset):
    return parse_pose_metainfo(
        dict(from_file=f'configs/_base_/datasets/{dataset}.py')
    )


@pytest.fixture(scope='module')
def coco():
    return metainfo('coco')


@pytest.mark.parametrize('level', LEVELS)
@pytest.mark.parametrize('dataset', EXPECTED)
class TestBuiltIn:
    @pytest.fixture
    def parts(self, dataset, level):
        partition = Config.fromfile(
            BASES / f'partition_{dataset}.py'
        ).partition
        overlap = (dataset, level) == ('mpii', 'quarters')
        return joint_indices(
            partition[level], metainfo(dataset), overlap=overlap
        )

    def test_joints(self, parts, dataset, level):
        assert [sorted(part) for part in parts] == EXPECTED[dataset][level]
        assert len(parts) == LEVELS[level]

    def test_covers_the_body(self, parts, dataset, level):
        everything = set(range(metainfo(dataset)['num_keypoints']))
        assert set().union(*parts) == everything

    def test_stays_the_same_when_left_and_right_change(
        self, parts, dataset, level
    ):
        flip = metainfo(dataset)['flip_indices']
        flipped = {frozenset(flip[joint] for joint in part) for part in parts}
        assert flipped == {frozenset(part) for part in parts}

    def test_refines_the_level_above(self, parts, dataset, level):
        levels = list(LEVELS)
        if level == 'whole':
            return
        above = EXPECTED[dataset][levels[levels.index(level) - 1]]
        for index, part in enumerate(parts):
            # Node j of a level is a child of node j // 2.
            assert set(part) <= set(above[index // 2])


def halves(coco):
    names = list(coco['keypoint_name2id'])
    return [names[:11], names[11:]]


def refusal(parts, coco, **kwargs):
    with pytest.raises(ValueError) as caught:
        joint_indices(parts, coco, where='auxiliary[1].parts', **kwargs)
    message = str(caught.value)
    assert '\n' not in message
    assert message.startswith('auxiliary[1].parts')
    return message


def test_order_within_a_part_is_kept(coco):
    parts = halves(coco)
    parts[1].reverse()
    assert joint_indices(parts, coco)[1] == [16, 15, 14, 13, 12, 11]


def test_unknown_joint_with_a_suggestion(coco):
    parts = halves(coco)
    parts[1][0] = 'left_hipp'
    message = refusal(parts, coco)
    assert "[1]: 'left_hipp' is no joint of coco" in message
    assert "did you mean 'left_hip'?" in message


@pytest.mark.parametrize('name', ['tail', 3, None])
def test_unknown_joint_without_one_lists_the_joints(coco, name):
    parts = halves(coco)
    parts[0][0] = name
    message = refusal(parts, coco)
    assert repr(name) in message
    assert 'it has nose, left_eye' in message


def test_missing_joint(coco):
    parts = halves(coco)
    parts[1].remove('left_knee')
    parts[1].remove('right_knee')
    message = refusal(parts, coco)
    assert "'left_knee' of coco stands in no part (2 missing)" in message
    assert 'all 17 joints' in message


def test_overlap(coco):
    parts = halves(coco)
    parts[1].append('nose')
    message = refusal(parts, coco)
    assert "'nose' stands in part 0 and again in part 1" in message
    assert 'overlap=True' in message
    assert joint_indices(parts, coco, overlap=True)[1][-1] == 0


def test_twice_in_one_part_even_with_overlap(coco):
    parts = halves(coco)
    parts[0].append('nose')
    message = refusal(parts, coco, overlap=True)
    assert "[0]: joint 'nose' stands there twice" in message


@pytest.mark.parametrize('part', ['nose', [], 5])
def test_a_part_that_is_no_list(coco, part):
    parts = halves(coco)
    parts[1] = part
    message = refusal(parts, coco)
    assert f'[1]={part!r} must be a list of joint names' in message
