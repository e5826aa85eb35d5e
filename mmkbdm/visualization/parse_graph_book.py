"""All pages about one person, and a sheet of them (ours)."""

from collections.abc import Iterator
from pathlib import Path

import torch
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import Tensor

from .book import save_pages
from .figure import Page, part_name
from .parse_graph_context import context_page
from .parse_graph_pages import (
    gates_page,
    overview_page,
    parts_page,
    strength_page,
)
from .parse_graph_person import Person
from .parse_graph_record import Place, outer_gates

NO_CONTEXT = (
    "note: this network has context='none': its sub-maps do not listen to "
    'each other, and there is no page of it'
)
NO_PREDICTORS = (
    'note: the checkpoint has no predictors of the supervised nodes, as is '
    'usual for best_*.pth: for pages of body parts take epoch_*.pth, or '
    'train with keep_auxiliary=True in mmkbdm.SafeCheckpointHook'
)


def write_pages(
    model: BasePoseEstimator,
    person: Person,
    stage: Place,
    nodes: list[tuple[int, int]],
    joints: list[str],
    folder: Path,
    supervised: bool,
) -> Iterator[str]:
    """Write all pages of a person as PNG files.

    Args:
        model (BasePoseEstimator): The network.
        person (Person): What it saw.
        stage (Place): Graph and stage to show; its level is not read.
        nodes (list[tuple[int, int]]): Level and node of each context page.
        joints (list[str]): Where the context pages ask.
        folder (Path): Made when missing; pages of the same names are
            replaced.
        supervised (bool): Whether the weights of the supervised nodes'
            predictors are those of a checkpoint.

    Yields:
        str: The path of each page once it is written, or a note.
    """
    has_predictors = bool(len(getattr(model, 'auxiliary', ())))
    if has_predictors and not supervised:
        yield NO_PREDICTORS
    found = {}
    if has_predictors and supervised:
        found = part_heatmaps(model, person, stage.graph)
    pages = _pages(model, person, stage, nodes, joints, found)
    yield from save_pages(pages, folder)


def _pages(
    model: BasePoseEstimator,
    person: Person,
    stage: Place,
    nodes: list[tuple[int, int]],
    joints: list[str],
    found: dict[Place, tuple[list[Tensor], list[list[str]]]],
) -> Iterator[tuple[str, Page | str]]:
    """The pages by name, one at a time."""
    parts_of = {
        f'{place.level}.{index}': part_name(part, len(person.joints))
        for place, (_, parts) in found.items()
        if place.stage == stage.stage
        for index, part in enumerate(parts)
    }
    yield 'overview', overview_page(person, stage, joints, parts_of)
    yield 'strength', strength_page(person, stage)
    gate = outer_gates(model.neck).get(_owner(model, stage.graph))
    outer = None if gate is None else gate.gamma
    yield 'gates', gates_page(person, stage.graph, outer)
    for place, (heatmaps, parts) in found.items():
        name = f'parts_{place.stage}.{place.level}'
        yield name, parts_page(person, place, heatmaps, parts)
    for level, node in nodes:
        place = stage._replace(level=level)
        if person.levels[place].module.relation.context == 'none':
            yield '', NO_CONTEXT
            return
        page = context_page(person, place, node, joints, parts_of)
        yield f'context_{level}.{node}', page


@torch.no_grad()
def part_heatmaps(
    model: BasePoseEstimator, person: Person, graph: int
) -> dict[Place, tuple[list[Tensor], list[list[str]]]]:
    """What the supervised nodes of a graph find.

    Args:
        model (SupervisedTopdownPoseEstimator): With trained predictors.
        person (Person): What was recorded.
        graph (int): The graph.

    Returns:
        dict: For each supervised level the heatmaps of every node, (J, H,
        W), and the names of these joints.
    """
    names = model.dataset_meta['keypoint_id2name']
    answer = {}
    for level, predictors in zip(model.levels, model.auxiliary):
        place = Place(graph, level.stage, level.level)
        predictor = predictors[_owner(model, graph)]
        nodes = person.levels[place].after[None].to(predictor.weight.device)
        heatmaps = predictor(nodes)[0].cpu().split(predictor.counts)
        joints = predictor.joints.split(predictor.counts)
        parts = [[names[int(joint)] for joint in part] for part in joints]
        answer[place] = list(heatmaps), parts
    return answer


def _owner(model: BasePoseEstimator, graph: int) -> int:
    """Index of the module that refines a feature map."""
    return 0 if model.neck.num_maps == 'shared' else graph
