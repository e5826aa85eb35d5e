"""Pages: the pose masks, and their radius and strength over time (ours)."""

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from ..figure import Page, panel_size, show_crop
from .overview import step_name
from .view import GenerationView, as_batch

PAPER = 'bone'

MASK_TEXT = """\
The generator looks at the image in {tokens} squares of {side} x {side} \
pixels, which ask each other what they contain. Two squares of background \
are kept from asking each other, so that people are drawn by what lies on \
and near their poses. How much a square counts as background is its \
brightness here: black is all pose, white is all background. That depends \
on the radius that the pose is widened by, one line for each attention \
head; the dashed line is where training began. Row by row, {count} \
attention blocks, one after the other."""

DELTA_TEXT = """\
The two numbers of a mask, over the course of the generation: from noise at \
the left to the finished image at the right. Radius: how far around the pose \
a mask reaches, in pixels of this image of {width} x {height}. Strength: how \
much less two squares of background attend to each other; 0 is no mask, and \
{strength:.0f} less makes a weight e^{strength:.0f} times smaller. One line \
for each of {heads} heads; dashed, where training began; dots, the steps \
that the other pages show. {kind}"""

STATIC = 'In this model both are fixed: the masks are static.'
DYNAMIC = (
    'In this model both have been learned: a radius that falls from left to '
    'right goes from coarse to fine.'
)


def masks_page(view: GenerationView) -> Page:
    """Show the background weight of all tokens, by block and step.

    Args:
        view (GenerationView): Of a model with masks.
    """
    background = _background(view)
    radius, strength = delta(view, _times(view))
    blocks = background.shape[1]
    rows, columns = view.grid
    text = MASK_TEXT.format(
        tokens=rows * columns, side=view.token_size, count=blocks
    )
    width, height = panel_size(view.image, 2.2)
    page = Page(
        'What counts as background, step by step',
        text,
        blocks,
        1 + len(view.looks),
        (width, height + 0.15),
    )
    show_crop(page.panels[0, 0], view.condition, 'the poses')
    if blocks > 1:
        show_crop(page.panels[1, 0], view.image, 'the image')
    distance = view.distance.numpy()
    starts = _starts(view)[0]
    for block, panels in enumerate(page.panels[:, 1:]):
        for i, (ax, look) in enumerate(zip(panels, view.looks)):
            title = (
                f'block {block}, {step_name(look)}\n'
                f'radius {_span(radius[i, block])} px\n'
                f'strength {_span(strength[i, block])}'
            )
            weights = background[i, block].mean(0).view(rows, columns)
            image = _show_mask(ax, view.condition, weights.numpy(), title)
            _outline(ax, distance, radius[i, block], starts[block])
    page.bar(image, 'background', '{x:.0%}')
    return page


def delta_page(view: GenerationView) -> Page:
    """Draw radius and strength of every block and head over the time."""
    adapter = view.pipeline.adapter
    mask = adapter.dynamic_mask
    last = adapter.config.num_train_timesteps - 1
    course = torch.linspace(last, 0, 200)
    curves = delta(view, course)
    starts = _starts(view)
    learned = isinstance(mask.radius_slope, torch.nn.Parameter)
    height, width = view.condition.shape[:2]
    blocks, heads = curves[0].shape[1:]
    text = DELTA_TEXT.format(
        width=width,
        height=height,
        heads=heads,
        strength=float(mask.strengths[0]),
        kind=DYNAMIC if learned else STATIC,
    )
    page = Page(
        'How wide and how strong the masks are', text, 2, blocks, (4.6, 2.6)
    )
    looked = delta(view, _times(view))
    names = 'radius (pixels)', 'strength'
    for panels, values, dots, start, name in zip(
        page.panels, curves, looked, starts, names
    ):
        top = 1.08 * max(float(values.max()), float(start.max()))
        for block, ax in enumerate(panels):
            _curves(ax, course, values[:, block], float(start[block]))
            for head in range(heads):
                ax.plot(
                    _times(view), dots[:, block, head], '.', color=f'C{head}'
                )
            ax.set(ylim=(0, top), title=f'block {block}')
            ax.title.set_size(9)
            ax.set_ylabel(name, size=9)
    return page


@torch.no_grad()
def delta(view: GenerationView, times: Tensor) -> tuple[Tensor, Tensor]:
    """Radius in pixels of the image and strength, each (T, blocks, heads).

    Args:
        view (GenerationView): Of a model with masks.
        times (Tensor): Time steps (T) of the diffusion.
    """
    adapter = view.pipeline.adapter
    share = times / (adapter.config.num_train_timesteps - 1)
    size = min(view.condition.shape[:2])
    values = adapter.dynamic_mask(share.to(adapter.device), size)
    return tuple(value.cpu() for value in values)


@torch.no_grad()
def _background(view: GenerationView) -> Tensor:
    """Background weights (T, blocks, heads, N), as the model has them."""
    adapter = view.pipeline.adapter
    pose = adapter.prepare_pose(as_batch(view.condition).to(adapter.device))
    times = _times(view).to(adapter.device)
    pose = pose._replace(distance=pose.distance.repeat(len(times), 1, 1, 1))
    # Of each token the channels are of queries and of keys; the latter is
    # the weight itself.
    return adapter.prepare_time(times, pose).masks[:, :, 1].float().cpu()


def _starts(view: GenerationView) -> tuple[Tensor, Tensor]:
    """Radius and strength (blocks) that training began with."""
    mask = view.pipeline.adapter.dynamic_mask
    scale = min(view.condition.shape[:2]) / mask.reference_size
    return mask.radii[:, 0].cpu() * scale, mask.strengths[:, 0].cpu()


def _times(view: GenerationView) -> Tensor:
    return torch.tensor([look.timestep for look in view.looks])


def _show_mask(ax: Axes, condition, weights: np.ndarray, title: str):
    """Background weights, and the drawn pose above them."""
    height, width = condition.shape[:2]
    extent = (0, width, height, 0)
    image = ax.imshow(
        weights,
        cmap=PAPER,
        vmin=0,
        vmax=1,
        extent=extent,
        interpolation='nearest',
    )
    drawn = condition.any(-1, keepdims=True)
    ax.imshow(
        np.concatenate([condition, 255 * drawn], -1).astype(np.uint8),
        extent=extent,
    )
    ax.set_axis_on()
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, size=8)
    return image


def _outline(ax: Axes, distance, radii: Tensor, start: Tensor) -> None:
    """Draw around the pose, at the radii of all heads and the start."""
    height, width = distance.shape
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    lines = [(f'C{i}', 'solid', radius) for i, radius in enumerate(radii)]
    for colour, style, radius in [*lines, ('white', 'dashed', start)]:
        # Beyond the furthest pixel there is no line.
        if distance.min() < radius < distance.max():
            ax.contour(
                x,
                y,
                distance,
                [float(radius)],
                colors=[colour],
                linestyles=[style],
                linewidths=0.9,
            )
    ax.set(xlim=(0, width), ylim=(height, 0))


def _curves(ax: Axes, times: Tensor, values: Tensor, start: float) -> None:
    """One line a head, and the start."""
    ax.set_axis_on()
    for head, line in enumerate(values.T):
        ax.plot(times, line, color=f'C{head}', linewidth=1.4)
    ax.axhline(start, color='0.3', linestyle='dashed', linewidth=1)
    ax.set_xlim(float(times.max()), 0)
    ax.set_xlabel('t: from noise to the image', size=9)
    ax.tick_params(labelsize=8)
    ax.grid(alpha=0.3)


def _span(values: Tensor) -> str:
    """The numbers of all heads: one, or from the least to the largest."""
    low, high = float(values.min()), float(values.max())
    ends = f'{low:.2g}', f'{high:.2g}'
    return ends[0] if ends[0] == ends[1] else ' to '.join(ends)
