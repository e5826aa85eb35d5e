"""Page: which codes the knowledge base answers a prompt with (ours)."""

import textwrap

import cv2
import numpy as np
from matplotlib.axes import Axes

from mmkbdm.models.knowledge_base import TOGETHER

from ..figure import Page
from .overview import quoted
from .training_images import NearImages, TrainingImages, near_images
from .view import GenerationView

ACROSS, DOWN, TILE = 3, 2, 64

TEXT = """\
Told to draw: {prompt}
The knowledge base takes the prompt apart. Each part asks a classifier which \
of {total} codes belong to it; the {top} most probable ones are shown. Their \
probabilities are multiplied, each to the power after "counts", and the \
average of the {top} codes that come out best is the answer for the whole \
prompt. A code was learned from images alone: {images}"""

IMAGES = (
    'here are the training images that are nearest to it, and how many of '
    'all {count} images it stands for.'
)
MISSING = 'not in the prompt: a learned answer'
NO_IMAGES = 'without the training data it is only a number.'


def codes_page(
    view: GenerationView, training: TrainingImages | None = None
) -> Page:
    """Show the codes of each part of the prompt.

    Args:
        view (GenerationView): Of a model that predicts codes.
        training (TrainingImages, optional): What its stage 1 was trained
            on. Defaults to None, no images.
    """
    [parts] = view.pipeline.codes([view.job.prompt])
    source = view.pipeline.knowledge_base.net.source
    numbers = {code for part in parts.values() for code, _ in part['codes']}
    near, images = {}, NO_IMAGES
    if training is not None:
        images = IMAGES.format(count=len(training.features))
        near = near_images(
            source.codebook, training, sorted(numbers), ACROSS * DOWN
        )
    text = TEXT.format(
        prompt=quoted(view.job.prompt),
        total=len(source.codebook.codes),
        top=source.top_k,
        images=images,
    )
    page = Page(
        'What the knowledge base answers',
        text,
        len(parts),
        1 + source.top_k,
        (1.75, 1.75 * DOWN / ACROSS + 0.5),
    )
    for panels, (slot, part) in zip(page.panels, parts.items()):
        _show_part(panels[0], slot, part)
        for ax, (code, share) in zip(panels[1:], part['codes']):
            _show_code(ax, code, share, near.get(code))
    return page


def _show_part(ax: Axes, slot: str, part: dict) -> None:
    """Say what a part is, and how much it counts."""
    if slot == TOGETHER:
        head, said = slot, 'what the parts agree on: the answer'
    else:
        head = f'{slot}: counts {part["weight"]:.2f}'
        said = f'"{part["text"]}"' if part['text'] else MISSING
    lines = [head, *textwrap.wrap(said, 24)[:6]]
    ax.text(
        0,
        1,
        '\n'.join(lines),
        va='top',
        size=9,
        transform=ax.transAxes,
        parse_math=False,
    )


def _show_code(
    ax: Axes, code: int, share: float, near: NearImages | None
) -> None:
    """Show a code by its images, or its number alone."""
    title = f'code {code}: {share:.0%}'
    if near is None:
        ax.text(0.5, 0.5, code, ha='center', va='center', size=22, color='0.4')
    else:
        title += f'\nstands for {near.count}'
        ax.imshow(mosaic(near.images))
    ax.set_title(title, size=9)


def mosaic(images: list[np.ndarray]) -> np.ndarray:
    """Lay images out, row by row from the nearest; white where none is.

    Args:
        images (list[np.ndarray]): uint8 (H, W, 3) of any size.

    Returns:
        np.ndarray: uint8 (DOWN * TILE, ACROSS * TILE, 3).
    """
    page = np.full((DOWN, ACROSS, TILE, TILE, 3), 255, np.uint8)
    for index, image in enumerate(images):
        page[divmod(index, ACROSS)] = cv2.resize(
            image, (TILE, TILE), interpolation=cv2.INTER_AREA
        )
    return page.swapaxes(1, 2).reshape(DOWN * TILE, ACROSS * TILE, 3)
