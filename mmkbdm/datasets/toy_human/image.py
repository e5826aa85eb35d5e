"""One image of ToyHuman from one seed.

Source: ours.
"""

from dataclasses import dataclass

import numpy as np

from .annotations import person_annotation
from .captions import describe
from .errors import ToyHumanError
from .placement import MAX_PEOPLE, sample_scene
from .sampling import pick
from .scene import Scene
from .styles import HEAD_FACTORS, STYLES, render_style

MIN_SIZE = 32


@dataclass
class ToyImage:
    """A rendered image and what is true of it.

    Attributes:
        image (np.ndarray): BGR, (size, size, 3) uint8.
        annotations (list[dict]): One per person, COCO fields without ids
            (see :func:`.annotations.person_annotation`).
        description (str): Caption, such as
            ``'oil_painting, a person in red waving next to a ball'``.
        category (str): Style with spaces, such as ``'oil painting'``.
        scene (Scene): Geometry and map of parts behind the image.
    """

    image: np.ndarray
    annotations: list
    description: str
    category: str
    scene: Scene


def render_image(seed, size=128, max_people=MAX_PEOPLE, style=None):
    """Render one image.

    The result depends on the arguments only: not on the machine, the number
    of processes or other images.

    Args:
        seed (Sequence[int]): Anything ``np.random.default_rng`` takes; the
            dataset uses ``(seed, split, index)``.
        size (int): Width and height in pixels, at least 32.
        max_people (int): Largest number of people, 1 to 4.
        style (str, optional): Key of :data:`.styles.STYLES`; drawn with
            equal probability when not given.

    Returns:
        ToyImage: Image, annotations, description and category.

    Raises:
        ToyHumanError: If an argument is out of range.

    Example:
        >>> toy = render_image((0, 0, 0), size=64)
        >>> toy.image.shape
        (64, 64, 3)
    """
    check_image_arguments(size, max_people)
    rng = np.random.default_rng(seed)
    if style is None:
        style = pick(rng, tuple(STYLES))
    elif style not in STYLES:
        raise ToyHumanError(
            f'style {style!r} is unknown; choose one of {", ".join(STYLES)}'
        )
    scene = sample_scene(rng, size, max_people, HEAD_FACTORS.get(style, 1.0))
    image = render_style(rng, scene, style)
    return ToyImage(
        image,
        [person_annotation(scene, i) for i in range(len(scene.people))],
        describe(scene, style),
        style.replace('_', ' '),
        scene,
    )


def check_image_arguments(size, max_people):
    """Raise a :class:`ToyHumanError` for sizes that cannot be rendered."""
    if size < MIN_SIZE:
        raise ToyHumanError(
            f'size {size} is too small; use {MIN_SIZE} pixels or more'
        )
    if not 1 <= max_people <= MAX_PEOPLE:
        raise ToyHumanError(
            f'max_people {max_people} is out of range; use 1 to {MAX_PEOPLE}'
        )
