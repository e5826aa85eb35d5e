"""Pages of panels that show a person and something laid over it (ours)."""

import textwrap
from pathlib import Path

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

HEAT = 'inferno'
OUTLINE = [patheffects.withStroke(linewidth=2.5, foreground='black')]


class Page:
    """A title, an explanation in plain words, and a grid of panels.

    Args:
        title (str): One line.
        text (str): The explanation; wrapped to the width of the page.
        rows (int): Rows of panels.
        columns (int): Columns of panels.
        panel (tuple[float, float]): Width and height of a panel in inches.
    """

    def __init__(
        self,
        title: str,
        text: str,
        rows: int,
        columns: int,
        panel: tuple[float, float],
    ) -> None:
        width = max(7.5, columns * panel[0] + 0.6)
        lines = [
            line
            for paragraph in text.split('\n')
            for line in textwrap.wrap(paragraph, int(width * 14.2)) or ['']
        ]
        header = 0.55 + 0.19 * len(lines)
        height = header + rows * panel[1] + 0.1
        self.figure = Figure((width, height), layout='constrained')
        self.figure.get_layout_engine().set(
            rect=(0.01, 0.01, 0.98, 1 - header / height - 0.01),
            w_pad=0.04,
            h_pad=0.04,
        )
        self.panels = self.figure.subplots(rows, columns, squeeze=False)
        for ax in self.panels.flat:
            ax.set_axis_off()
        self.figure.text(
            0.015, 1 - 0.1 / height, title, va='top', size=14, weight='bold'
        )
        self.figure.text(
            0.015,
            1 - 0.45 / height,
            '\n'.join(lines),
            va='top',
            size=9.5,
            linespacing=1.3,
            # Prompts may hold dollars.
            parse_math=False,
        )

    def bar(self, image, label: str, form) -> None:
        """Add a colour bar for all panels at the right of the page."""
        bar = self.figure.colorbar(
            image, ax=list(self.panels.flat), fraction=0.04, pad=0.015
        )
        _label_bar(bar, label, form)

    def save(self, path: Path, dpi: int = 100) -> Path:
        """Write the page; the suffix decides the format."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.figure.savefig(path, dpi=dpi, facecolor='white')
        return path


def panel_size(crop: np.ndarray, width: float) -> tuple[float, float]:
    """Inches of a panel for a crop and the line above it."""
    return width, width * crop.shape[0] / crop.shape[1] + 0.42


def show_crop(ax: Axes, crop: np.ndarray, title: str = '') -> None:
    """Show the person as the network sees it."""
    ax.imshow(crop, extent=(0, crop.shape[1], crop.shape[0], 0))
    _frame(ax, crop, title)


def show_heat(
    ax: Axes,
    crop: np.ndarray,
    heat: np.ndarray,
    limit: float,
    title: str = '',
    extent: tuple[float, float] | None = None,
):
    """Lay a coarse map over a grey, darkened person.

    Args:
        ax (Axes): The panel.
        crop (np.ndarray): RGB, uint8 (H, W, 3).
        heat (np.ndarray): Values >= 0, (h, w).
        limit (float): Value of the brightest colour.
        title (str): Line above the panel.
        extent (tuple[float, float], optional): Width and height that the map
            covers, in pixels of the crop. Defaults to those of the crop.

    Returns:
        AxesImage: For a colour bar.
    """
    grey = crop.mean(axis=2)
    ax.imshow(
        0.85 * grey,
        cmap='gray',
        vmin=0,
        vmax=255,
        extent=(0, crop.shape[1], crop.shape[0], 0),
    )
    limit = max(limit, 1e-12)
    width, height = extent or crop.shape[1::-1]
    image = ax.imshow(
        heat,
        cmap=HEAT,
        vmin=0,
        vmax=limit,
        alpha=0.15 + 0.7 * np.clip(heat / limit, 0, 1),
        extent=(0, width, height, 0),
        interpolation='nearest',
    )
    _frame(ax, crop, title)
    return image


def inset_bar(ax: Axes, image, label: str, form) -> None:
    """Add a colour bar of a panel's own, within the column of the panel."""
    inset = ax.inset_axes((1.04, 0, 0.07, 1))
    _label_bar(ax.figure.colorbar(image, cax=inset), label, form)


def mark(ax: Axes, point: np.ndarray, crop: np.ndarray, solid: bool) -> None:
    """Draw a ring around a point; a broken one if not ``solid``."""
    ax.plot(
        *np.clip(point, 0, np.array(crop.shape[1::-1])),
        marker='o',
        markersize=11,
        markerfacecolor='none',
        markeredgecolor='cyan' if solid else 'white',
        markeredgewidth=2 if solid else 1,
        path_effects=OUTLINE if solid else None,
        clip_on=False,
    )


def show_skeleton(ax: Axes, joints: dict, bones: list) -> None:
    """Draw the predicted joints and the lines between them."""
    for a, b in bones:
        if a in joints and b in joints:
            ax.plot(*zip(joints[a], joints[b]), color='lime', linewidth=1.2)
    ax.plot(*zip(*joints.values()), 'o', color='yellow', markersize=3)


def plain(joint: str) -> str:
    """A joint's name in plain words."""
    return joint.replace('_', ' ')


def part_name(joints: list[str], total: int = 0) -> str:
    """Name a body part by its joints, both sides together.

    Args:
        joints (list[str]): Its joints.
        total (int): Joints of the whole body. Defaults to unknown.

    Example:
        >>> part_name(['left_hip', 'right_hip', 'left_knee', 'right_knee'])
        'hip, knee'
        >>> part_name(['left_hip', 'left_knee'])
        'left hip, knee'
    """
    if len(joints) == total:
        return 'whole body'
    sides = {joint.partition('_')[0] for joint in joints}
    stems = [
        joint.partition('_')[2]
        if joint.startswith(('left_', 'right_'))
        else joint
        for joint in joints
    ]
    text = ', '.join(dict.fromkeys(plain(stem) for stem in stems))
    one_side = len(sides) == 1 and sides <= {'left', 'right'}
    return f'{sides.pop()} {text}' if one_side else text


def _label_bar(bar, label: str, form) -> None:
    bar.ax.yaxis.set_major_formatter(form)
    bar.set_label(label, size=9)
    bar.ax.tick_params(labelsize=8)


def _frame(ax: Axes, crop: np.ndarray, title: str) -> None:
    ax.set(xlim=(0, crop.shape[1]), ylim=(crop.shape[0], 0))
    ax.set_title(title, size=9)
