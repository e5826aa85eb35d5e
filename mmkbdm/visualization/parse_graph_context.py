"""Page: who attends to whom among the sub-maps of a node (ours)."""

import math

import numpy as np
from torch import Tensor

from .attention_rows import attention_rows, channel_shares, token_shares
from .figure import (
    Page,
    inset_bar,
    mark,
    panel_size,
    plain,
    show_crop,
    show_heat,
    show_skeleton,
)
from .parse_graph_person import Person
from .parse_graph_record import Place

JOINTS_ACROSS = 2

TOKEN_TEXT = """\
Node {node} divides its features among {count} sub-maps, {children}. Each \
sub-map is a coarse picture of the whole person, {grid} cells, with features \
of its own.{parts} To refine a cell of a sub-map, the network asks all cells \
of all sub-maps of the node and mixes their answers: that is the context.
Each coloured picture starts one question: a sub-map asks at a predicted \
joint (cyan ring), and the grey pictures beside it show who answers. Bright \
cells are listened to most; 1 on the scale is the weight of every cell if all \
counted the same. The percentages say how much of the answer comes from each \
sub-map.
The table is the average over all cells, joint or not: {chance} everywhere \
would mean that the sub-maps do not tell each other apart.{pooled}"""

CHANNEL_TEXT = """\
Node {node} divides its features among {count} sub-maps, {children}, each a \
coarse picture of the whole person with features of its own.{parts} This \
network relates whole features (channels), not places: every channel mixes \
in those channels of the node that respond to the same places as itself. So \
there is no map of where it looks, only from which sub-map it takes: \
{chance} everywhere would mean that the sub-maps do not tell each other \
apart."""


def context_page(
    person: Person,
    place: Place,
    node: int,
    joints: list[str],
    parts: dict[str, str],
) -> Page:
    """Show the context relation of one node.

    Args:
        person (Person): Recorded with a ``token`` or ``channel`` context.
        place (Place): Level of the node.
        node (int): Index of the node in its level.
        joints (list[str]): Where questions are shown.
        parts (dict[str, str]): What nodes were trained to find, by name;
            {} without supervision.

    Returns:
        Page: To be saved.
    """
    record = person.levels[place]
    count = record.num_children
    names = [f'{place.level + 1}.{node * count + i}' for i in range(count)]
    channels = record.module.relation.context == 'channel'
    query, key = record.query_key()
    size = query.shape[1:]
    r = record.module.relation.kv_pool
    heads = record.module.relation.num_heads
    trained = [
        f'{n} was trained to find {parts[n]}' for n in names if n in parts
    ]
    text = (CHANNEL_TEXT if channels else TOKEN_TEXT).format(
        node=f'{place.level}.{node}',
        count=count,
        children=' and '.join(names) if count == 2 else ', '.join(names),
        grid=f'{size[1]} x {size[0]}',
        chance=f'{1 / count:.0%}',
        parts=f' Sub-map {"; ".join(trained)}.' if trained else '',
        pooled=f' The answers are averages of {r} x {r} cells.' * (r > 1),
    )
    tree = (record.num_nodes, count, node)
    title = f'Who listens to whom: node {place.level}.{node}'
    title += person.stage_name(place)
    if channels:
        page = Page(title, text, 1, 2, panel_size(person.crop, 3.2))
        show_crop(page.panels[0, 0], person.crop, 'the person')
        show_skeleton(page.panels[0, 0], person.joints, person.bones)
        _table(page.panels[0, 1], channel_shares(query, key, *tree), names)
        return page
    # Two joints side by side, each with the person and all answers.
    across = min(len(joints), JOINTS_ACROSS)
    rows = math.ceil(len(joints) / across) * count
    columns = across * (count + 1) + 1
    page = Page(title, text, rows, columns, panel_size(person.crop, 1.7))
    questions = [(joint, child) for joint in joints for child in range(count)]
    places = [
        (child, *cell_of(person.joints[joint], person.crop, size))
        for joint, child in questions
    ]
    heats = attention_rows(query, key, *tree, places, heads)
    for index, ((joint, child), heat) in enumerate(zip(questions, heats)):
        down, right = divmod(index // count, across)
        start = right * (count + 1)
        panels = page.panels[down * count + child, start:][: count + 1]
        _question(panels, person, names, joint, child, heat, size, r)
    shares = token_shares(query, key, *tree, num_heads=heads)
    _table(page.panels[0, -1], shares, names)
    return page


def cell_of(
    point: np.ndarray, crop: np.ndarray, size: tuple[int, int]
) -> tuple[int, int]:
    """Row and column of the cell of a feature map that a point lies in.

    A point outside of the crop belongs to the nearest cell.
    """
    (height, width), (rows, columns) = crop.shape[:2], size
    row = math.floor(point[1] / height * rows)
    column = math.floor(point[0] / width * columns)
    return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)


def _question(
    panels: np.ndarray,
    person: Person,
    names: list[str],
    joint: str,
    child: int,
    heat: Tensor,
    size: tuple[int, int],
    pool: int,
) -> None:
    """Fill one row: a sub-map asks at a joint, all sub-maps answer."""
    crop, point = person.crop, person.joints[joint]
    title = f'{names[child]} asks at the\n{plain(joint)}'
    show_crop(panels[0], crop, title)
    mark(panels[0], point, crop, solid=True)
    times = heat * heat.numel()
    # A pooled map that the pool does not divide juts out of the crop.
    extent = [
        crop.shape[1 - axis] * times.shape[2 - axis] * pool / size[1 - axis]
        for axis in (0, 1)
    ]
    for other, name in enumerate(names):
        image = show_heat(
            panels[1 + other],
            crop,
            times[other].numpy(),
            float(times.max()),
            f'{name} answers:\n{heat[other].sum():.0%}',
            extent,
        )
        mark(panels[1 + other], point, crop, solid=other == child)
    inset_bar(panels[-1], image, 'times an equal share', '{x:.2g}')


def _table(ax, shares: Tensor, names: list[str]) -> None:
    """Show the average share of attention of each pair of children."""
    count = len(names)
    ax.set_axis_on()
    ax.imshow(shares, cmap='Blues', vmin=0, vmax=min(1, 2 / count))
    dark = 1.3 / count
    for i in range(count):
        for j in range(count):
            share = float(shares[i, j])
            ax.text(
                j,
                i,
                f'{share:.0%}',
                ha='center',
                va='center',
                size=9,
                color='white' if share > dark else 'black',
            )
    ax.set_xticks(range(count), names, size=8)
    ax.set_yticks(range(count), names, size=8)
    ax.tick_params(length=0)
    ax.set_xlabel('... answers', size=9)
    ax.set_ylabel('... asks', size=9)
    ax.set_title('average', size=9)
