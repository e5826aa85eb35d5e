"""Pages: strength of the context, gates, and parts of the body (ours)."""

import textwrap

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from torch import Tensor

from .figure import (
    HEAT,
    Page,
    mark,
    panel_size,
    part_name,
    plain,
    show_crop,
    show_heat,
    show_skeleton,
)
from .parse_graph_person import Person
from .parse_graph_record import Place, context_strength

MAX_COLUMNS = 8

OVERVIEW_TEXT = """\
Left: the person as the network sees it, with the predicted joints{marked}. \
Right: the parse graph. The network divides its features (top) into \
{children} sub-maps, these again, and so on; then, from the bottom up, it \
lets each node take in context from its sub-maps. The number and the colour \
of a node say how much context it takes in for this person, relative to its \
own features; 0% means that it leaves them as they are.
The other pages show, for this person: who listens to whom within a node, \
where the context is strong, how far the gates are open, and, if there was \
supervision, which part of the body each node finds."""

STRENGTH_TEXT = """\
How much context each node of the tree takes in, place by place: the size of \
what is added to its features, relative to the average size of these \
features. Row by row from the root of the tree to its finest nodes. 0% is a \
node that leaves its features as they are. The percentage of a node is that \
of its whole map, and all maps have the same colours."""

GATES_TEXT = """\
Every channel of every level has a gate, a learned number gamma: the context \
is multiplied by it before it is added. 0 is closed: context is ignored. The \
farther from 0, up or down, the more of it gets in; the sign alone means \
nothing. One dot is one channel, colours tell the nodes of a level apart. \
This page is about the network: it is the same for every person."""

PARTS_TEXT = """\
In training, each of these nodes had to find one part of the body by itself. \
Here is what each finds in this person: bright is where it expects one of \
its joints, and the rings are the places where the whole network ends up. A \
node that was trained well is bright at its own rings and dark elsewhere."""


def overview_page(
    person: Person, stage: Place, joints: list[str], parts: dict[str, str]
) -> Page:
    """Show the person and the tree with the strength of each node.

    Args:
        person (Person): What was recorded.
        stage (Place): Graph and stage to draw; its level is not read.
        joints (list[str]): Joints to mark.
        parts (dict[str, str]): What nodes were trained to find, by name.
    """
    levels = _levels(person, stage)
    marked = f'; rings: {", ".join(map(plain, joints))}' if joints else ''
    text = OVERVIEW_TEXT.format(marked=marked, children=levels[0].num_children)
    title = f'The person and the parse graph{person.stage_name(stage)}'
    page = Page(title, text, 1, 3, panel_size(person.crop, 3.2))
    ax = page.panels[0, 0]
    show_crop(ax, person.crop, 'the person')
    show_skeleton(ax, person.joints, person.bones)
    for joint in joints:
        mark(ax, person.joints[joint], person.crop, solid=True)
    for panel in page.panels[0, 1:]:
        panel.remove()
    grid = page.panels[0, 0].get_gridspec()
    _draw_tree(page.figure.add_subplot(grid[0, 1:]), levels, parts)
    return page


def strength_page(person: Person, stage: Place) -> Page:
    """Show the norm of the context of every node over the person."""
    levels = _levels(person, stage)
    tiles: list[list] = []
    for index, record in enumerate(levels):
        maps = record.strength()
        ratios = context_strength(maps)
        row = [
            (f'node {index}.{n}: {_percent(ratios[n])}', maps[n])
            for n in range(record.num_nodes)
        ]
        tiles += [
            row[i : i + MAX_COLUMNS] for i in range(0, len(row), MAX_COLUMNS)
        ]
    columns = 1 + max(map(len, tiles))
    panel = panel_size(person.crop, 1.8)
    title = f'Where the context is strong{person.stage_name(stage)}'
    page = Page(title, STRENGTH_TEXT, len(tiles), columns, panel)
    show_crop(page.panels[0, 0], person.crop, 'the person')
    show_skeleton(page.panels[0, 0], person.joints, person.bones)
    limit = max(float(record.strength().max()) for record in levels)
    for panels, row in zip(page.panels, tiles):
        for ax, (name, values) in zip(panels[1:], row):
            image = show_heat(ax, person.crop, values.numpy(), limit, name)
    page.bar(
        image,
        'size of the context / size of the features',
        _as_percent(limit),
    )
    return page


def gates_page(person: Person, graph: int, outer: Tensor | None) -> Page:
    """Show the gates of all levels of all stages of a graph.

    Args:
        person (Person): What was recorded.
        graph (int): The graph.
        outer (Tensor, optional): Gate of its bottleneck (C,). Defaults to
            None.
    """
    places = [place for place in person.levels if place.graph == graph]
    stages = sorted({place.stage for place in places})
    rows = len(stages) + (outer is not None)
    text = GATES_TEXT
    if outer is not None:
        text += (
            ' The tree works on few channels; one further gate a channel '
            'decides how much of all its work gets back to the features.'
        )
    page = Page('How far the gates are open', text, rows, 1, (9.5, 2.6))
    for ax, stage in zip(page.panels[:, 0], stages):
        gammas = {
            f'level {p.level}': person.levels[p].gamma
            for p in places
            if p.stage == stage
        }
        _draw_gates(ax, gammas, f'stage {stage}' if len(stages) > 1 else '')
    if outer is not None:
        gammas = {'outer gate': outer.detach().float().cpu()[None]}
        _draw_gates(page.panels[-1, 0], gammas, 'back to the features')
    return page


def parts_page(
    person: Person, place: Place, heatmaps: list[Tensor], parts: list
) -> Page:
    """Show what the supervised nodes of a level find.

    Args:
        person (Person): What was recorded.
        place (Place): The level.
        heatmaps (list[Tensor]): One a node, its joints (J, H, W).
        parts (list[list[str]]): Names of the joints of each node.
    """
    panel = panel_size(person.crop, 2.2)
    stage = person.stage_name(place)
    title = f'Parts of the body: the nodes of level {place.level}{stage}'
    page = Page(title, PARTS_TEXT, 1, 1 + len(parts), panel)
    show_crop(page.panels[0, 0], person.crop, 'the person')
    show_skeleton(page.panels[0, 0], person.joints, person.bones)
    largest = [maps.amax(dim=0).clamp_min(0).numpy() for maps in heatmaps]
    limit = max(float(heat.max()) for heat in largest)
    for index, (ax, heat, joints) in enumerate(
        zip(page.panels[0, 1:], largest, parts)
    ):
        name = textwrap.fill(part_name(joints, len(person.joints)), 26)
        title = f'node {place.level}.{index}:\n{name}'
        image = show_heat(ax, person.crop, heat, limit, title)
        for joint in joints:
            mark(ax, person.joints[joint], person.crop, solid=False)
    page.bar(image, 'expected joint (1: certain)', '{x:.2g}')
    return page


def _levels(person: Person, stage: Place) -> list:
    return [
        record
        for place, record in person.levels.items()
        if place[:2] == stage[:2]
    ]


def _percent(ratio: float) -> str:
    return f'{ratio:.0%}' if ratio >= 0.1 or ratio == 0 else f'{ratio:.1%}'


def _as_percent(limit: float):
    digits = 0 if limit >= 0.05 else 2
    return lambda value, _: f'{value:.{digits}%}'


def _draw_tree(ax, levels: list, parts: dict[str, str]) -> None:
    """Boxes of the nodes, root on top, leaves as dots."""
    ratios = [context_strength(record.strength()) for record in levels]
    scale = Normalize(0, max(max(map(float, r)) for r in ratios) or 1)
    colours = colormaps[HEAT]
    depth = len(levels)
    for index, record in enumerate(levels):
        n, g = record.num_nodes, record.num_children
        for node in range(n):
            x, y = (node + 0.5) / n, -index
            for child in range(g):
                below = (node * g + child + 0.5) / (n * g)
                ax.plot([x, below], [y, y - 1], color='0.6', zorder=1)
                if index == depth - 1:
                    ax.plot(below, y - 1, 'o', color='0.6', markersize=5)
            ratio = float(ratios[index][node])
            value = scale(ratio)
            name = f'{index}.{node}'
            ax.text(
                x,
                y - 0.2,
                textwrap.fill(parts.get(name, ''), 17),
                ha='center',
                va='top',
                size=7.5,
                style='italic',
                bbox=dict(facecolor='white', edgecolor='none', pad=1),
            )
            ax.text(
                x,
                y,
                f'{name}\n{_percent(ratio)}',
                ha='center',
                va='center',
                size=10 if n <= 8 else 7,
                color='white' if value < 0.6 else 'black',
                bbox=dict(boxstyle='round', facecolor=colours(value)),
                zorder=2,
            )
    ax.set(xlim=(0, 1), ylim=(-depth - 0.2, 0.5))
    ax.set_axis_off()
    ax.set_title('the parse graph: node, and its context in percent', size=9)


def _draw_gates(ax, gammas: dict[str, Tensor], title: str) -> None:
    """One strip of dots a level, its channels from left to right."""
    ax.set_axis_on()
    ax.axhline(0, color='0.5', linewidth=1)
    ax.set_title(title, size=9)
    labels = []
    for x, (name, gamma) in enumerate(gammas.items()):
        nodes = gamma.numpy()
        offsets = np.linspace(-0.38, 0.38, nodes.size).reshape(nodes.shape)
        for node, values in enumerate(nodes):
            ax.plot(x + offsets[node], values, '.', color=f'C{node % 10}')
        labels.append(
            f'{name}\naverage distance from 0: {np.abs(nodes).mean():.2g}'
        )
    ax.set_xticks(range(len(labels)), labels, size=9)
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_ylabel('gamma', size=9)
    ax.tick_params(axis='y', labelsize=8)
    ax.grid(axis='y', alpha=0.3)
