"""Page: the same noise at several strengths (ours)."""

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from ..figure import Page, panel_size, show_crop
from .overview import quoted
from .view import GenerationView, make_image

DEFAULT = (0.0, 0.5, 1.0, 1.5)

TEXT = """\
Told to draw: {prompt}
The same noise (seed {seed}) throughout. From left to right, the generator \
listens more and more to the poses; 0 is the generator without them, 1 is as \
it was trained. {rows}"""

ROWS = (
    'From top to bottom, more and more to its knowledge base; 0 is without, '
    '1 as it was trained. The knowledge base speaks through the part that '
    'knows the poses, so the column of 0 is the same all the way down.'
)
NO_ROWS = 'It has no knowledge base.'


def strengths_page(
    view: GenerationView,
    pose_strengths: Sequence[float] = DEFAULT,
    kb_strengths: Sequence[float] = DEFAULT,
) -> Page:
    """Make an image at each pair of strengths.

    Args:
        view (GenerationView): Says prompt, poses, seed and settings.
        pose_strengths (Sequence[float]): One a column. Defaults to
            ``DEFAULT``.
        kb_strengths (Sequence[float]): One a row; not used without a
            knowledge base. Defaults to ``DEFAULT``.
    """
    knows = view.pipeline.knowledge_base is not None
    rows = list(kb_strengths) if knows else [view.call.kb_strength]
    text = TEXT.format(
        prompt=quoted(view.job.prompt),
        seed=view.job.seed,
        rows=ROWS if knows else NO_ROWS,
    )
    page = Page(
        'How strongly poses and knowledge base count',
        text,
        len(rows),
        1 + len(pose_strengths),
        panel_size(view.image, 1.9),
    )
    show_crop(page.panels[0, 0], view.condition, 'the poses')
    pairs = [(kb, pose) for kb in rows for pose in pose_strengths]
    images = sample_pairs(view, pairs)
    panels = page.panels[:, 1:].flat
    for ax, (kb, pose), image in zip(panels, pairs, images):
        title = f'poses {pose:g}'
        title += f', knowledge {kb:g}' if knows else ''
        show_crop(ax, image, title)
    return page


def sample_pairs(
    view: GenerationView, pairs: Sequence[tuple[float, float]]
) -> list[np.ndarray]:
    """Make the image of a view at other strengths.

    Args:
        view (GenerationView): Says everything else.
        pairs (Sequence[tuple[float, float]]): ``kb_strength`` and
            ``pose_strength`` of each image.

    Returns:
        list[np.ndarray]: uint8 (H, W, 3) RGB.
    """
    made = {}
    for kb, pose in tqdm(pairs, desc='strengths', unit='image'):
        # Without the poses nothing is asked of the knowledge base.
        key = (kb if pose else 0, pose)
        if key not in made:
            made[key] = make_image(
                view.pipeline, view.job, kb_strength=kb, pose_strength=pose
            )
    return [made[kb if pose else 0, pose] for kb, pose in pairs]
