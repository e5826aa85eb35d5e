"""Which nodes of a neck are supervised by which joints (ours)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from .body_partition import joint_indices

KEYS = ('parts', 'stage', 'level', 'weight', 'overlap')


@dataclass(frozen=True)
class SupervisedLevel:
    """One level of one tree of the neck, and the joints of its nodes.

    Attributes:
        stage (int): Parse graph of the neck.
        level (int): Level of its tree.
        weight (float): Lambda, the weight of its loss.
        channels (int): Channels of a node.
        joints (list[list[int]]): Joint indices of each node.
    """

    stage: int
    level: int
    weight: float
    channels: int
    joints: list[list[int]]


def supervised_levels(
    auxiliary: Sequence[Mapping],
    neck: nn.Module | None,
    metainfo: Mapping | None,
) -> list[SupervisedLevel]:
    """Check the ``auxiliary`` of a config against its neck and its joints.

    Args:
        auxiliary (Sequence[Mapping]): See
            :class:`~mmkbdm.models.pose_estimators.SupervisedTopdownPoseEstimator`.
        neck (nn.Module, optional): The neck.
        metainfo (Mapping, optional): Parsed metainfo of the dataset.

    Returns:
        list[SupervisedLevel]: One for each item of ``auxiliary``.

    Raises:
        ValueError: Names the item, its value and what to change.
    """
    if not hasattr(neck, 'forward_stages'):
        raise ValueError(
            'auxiliary needs a neck with nodes: set model.neck.type to '
            'mmkbdm.RMPG or mmkbdm.HierarchicalRMPG'
        )
    if metainfo is None:
        raise ValueError(
            'auxiliary needs the names of the joints: set model.metainfo='
            "dict(from_file='configs/_base_/datasets/coco.py'), or the file "
            'of your dataset'
        )
    if not isinstance(auxiliary, list | tuple) or not auxiliary:
        raise ValueError(
            f'auxiliary={auxiliary!r} must be a list of one dict a supervised '
            'level; without any, set model.type to TopdownPoseEstimator and '
            'leave auxiliary out'
        )
    levels, places = [], {}
    for index, item in enumerate(auxiliary):
        where = f'auxiliary[{index}]'
        _check_keys(item, where)
        level = _supervised_level(where, neck.nodes, metainfo, **item)
        place = level.stage, level.level
        if place in places:
            raise ValueError(
                f'{where} supervises stage {place[0]}, level {place[1]}, '
                f'which auxiliary[{places[place]}] does already: keep one'
            )
        places[place] = index
        levels.append(level)
    return levels


def _supervised_level(
    where: str,
    nodes: list[list[tuple[int, int]]],
    metainfo: Mapping,
    parts: Sequence[Sequence[str]],
    stage: int = 0,
    level: int = 0,
    weight: float = 1.0,
    overlap: bool = False,
) -> SupervisedLevel:
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise ValueError(f'{where}.weight={weight!r} must be a number')
    if weight < 0:
        raise ValueError(f'{where}.weight={weight!r} must not be negative')
    if not isinstance(parts, list | tuple):
        raise ValueError(
            f'{where}.parts={parts!r} must be a list of lists of joint names'
        )
    if stage not in range(len(nodes)):
        raise ValueError(
            f'{where}.stage={stage!r} does not exist: the neck has '
            f'{len(nodes)}, counted from 0'
        )
    if level not in range(len(nodes[stage])):
        raise ValueError(
            f'{where}.level={level!r} does not exist: stage {stage} of the '
            f'neck has {len(nodes[stage])}, 0 is the root'
        )
    num_nodes, channels = nodes[stage][level]
    if len(parts) != num_nodes:
        raise ValueError(
            f'{where}.parts has {len(parts)} parts for the {num_nodes} nodes '
            f'of stage {stage}, level {level}: change parts, level, or the '
            'groups of the neck'
        )
    joints = joint_indices(
        parts, metainfo, overlap=overlap, where=f'{where}.parts'
    )
    return SupervisedLevel(stage, level, weight, channels, joints)


def _check_keys(item: Mapping, where: str) -> None:
    if not isinstance(item, Mapping):
        raise ValueError(f'{where}={item!r} must be a dict')
    unknown = [key for key in item if key not in KEYS]
    if unknown or 'parts' not in item:
        problem = f'no argument {unknown[0]}' if unknown else 'no parts'
        raise ValueError(f'{where} has {problem}: it takes {", ".join(KEYS)}')
