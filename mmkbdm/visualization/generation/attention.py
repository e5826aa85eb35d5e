"""Pages: where the tokens of pose-masked attention attend (ours)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ..figure import (
    Page,
    inset_bar,
    mark,
    panel_size,
    plain,
    show_crop,
    show_heat,
)
from .masked_rows import masked_rows
from .overview import step_name
from .questions import Question
from .view import GenerationView

# Above, all is equally bright: a single square would darken all others.
BRIGHTEST = 0.98
# Pixels around the pose: just outside of those that are drawn.
EDGE = 0.9

ROWS_TEXT = """\
Each row asks from one square of the image (cyan ring): the generator mixes \
into it what it finds in the others. Bright squares are listened to most, 1 \
on the scale is the weight of each if all counted the same; the average over \
{heads} heads. From left to right, the steps from noise to image; the title \
says how much of the attention goes to squares that the drawn pose touches, \
which are {share:.0%} of all. Behind it is the finished image; the thin line \
goes around the pose. Block {block} of {count}."""

SHARES_TEXT = """\
How much of their attention squares pay to those that the drawn pose touches, \
on average over all heads: blue, squares on the pose themselves; orange, \
squares of background. Solid lines are what the generator does; dotted ones, \
the same with the mask taken away: the gap is what the mask achieves in this \
image. The grey dashed line is the share of pose squares, {share:.0%}: what \
would be paid to them if nobody looked at anything in particular."""


def attention_page(
    view: GenerationView, block: int, asked: Sequence[Question]
) -> Page:
    """Show where tokens attend at the steps that are looked at.

    Args:
        view (GenerationView): Of a model with masks that were at work.
        block (int): Attention block, counted from 0.
        asked (Sequence[Question]): At least one.
    """
    looks = [look for look in view.looks if look.layers]
    on_pose = view.token_distance.flatten() == 0
    tokens = [question.token for question in asked]
    rows = [masked_rows(*look.layers[block], tokens) for look in looks]
    heats = np.stack([row.mean(1).numpy() for row in rows])
    text = ROWS_TEXT.format(
        heads=rows[0].shape[1],
        share=on_pose.mean(),
        block=block,
        count=len(looks[0].layers),
    )
    page = Page(
        f'Where attention goes, block {block}',
        text,
        len(asked),
        1 + len(looks),
        panel_size(view.image, 1.9),
    )
    distance = view.distance.numpy()
    for i, (question, panels) in enumerate(zip(asked, page.panels)):
        show_crop(panels[0], view.image, f'from: {plain(question.name)}')
        mark(panels[0], question.point, view.image, solid=True)
        limit = np.quantile(heats[:, i], BRIGHTEST) * heats.shape[-1]
        for ax, look, heat in zip(panels[1:], looks, heats[:, i]):
            paid = heat[on_pose].sum()
            title = f'{step_name(look)}\n{paid:.0%} to the pose'
            times = heat.reshape(view.grid) * heat.size
            image = show_heat(ax, view.image, times, limit, title)
            ax.title.set_size(8)
            _around(ax, distance)
            mark(ax, question.point, view.image, solid=True)
        inset_bar(
            panels[-1], image, 'times an equal share, or more', '{x:.2g}'
        )
    return page


def shares_page(view: GenerationView) -> Page:
    """Draw how much attention goes to the pose, by block over the steps.

    Args:
        view (GenerationView): Of a model with masks that were at work.
    """
    steps = [step for step in view.steps if step.paid]
    times = [step.timestep for step in steps]
    share = (view.token_distance == 0).mean()
    blocks = len(steps[0].paid)
    page = Page(
        'How much attention goes to the pose',
        SHARES_TEXT.format(share=share),
        1,
        blocks,
        (4.6, 3.4),
    )
    for block, ax in enumerate(page.panels[0]):
        ax.set_axis_on()
        for key, colour in (('pose', 'C0'), ('background', 'C1')):
            for name, style in (('paid', '.-'), ('paid_unmasked', ':')):
                paid = [getattr(getattr(s, name)[block], key) for s in steps]
                whose = f'from {key}'
                whose += ', without the mask' if style == ':' else ''
                ax.plot(times, paid, style, color=colour, label=whose)
        ax.axhline(share, color='0.5', linestyle='dashed', linewidth=1)
        ax.set(ylim=(0, 1.02), title=f'block {block}')
        ax.title.set_size(9)
        ax.yaxis.set_major_formatter('{x:.0%}')
        ax.invert_xaxis()
        ax.set_xlabel('t: from noise to the image', size=9)
        ax.tick_params(labelsize=8)
        ax.grid(alpha=0.3)
    page.panels[0, 0].set_ylabel('attention paid to the pose', size=9)
    page.panels[0, -1].legend(fontsize=8)
    return page


def _around(ax: Axes, distance: np.ndarray) -> None:
    """A thin line around the drawn pose, if there is one."""
    height, width = distance.shape
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    if distance.min() < EDGE < distance.max():
        ax.contour(x, y, distance, [EDGE], colors=['white'], linewidths=0.7)
