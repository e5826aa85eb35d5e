"""Judged images: what every report is made of (ours)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .functional.score_poses import Collected, collect_poses

# What is kept of an image, and of a person found, with its shape.
TEXTS = ('name', 'path', 'prompt', 'scenario', 'reference')
PEOPLE = dict(keypoints=(17, 2), keypoint_scores=(17,), scores=(), bboxes=(4,))


@dataclass(frozen=True)
class JudgedImage:
    """An image, the poses it was to show, and the people found in it.

    Args:
        name (str): Path within the folder of images; what pairs the images
            of several reports.
        path (str): The file.
        height (int): In pixels.
        width (int): In pixels.
        poses (np.ndarray): (P, 17, 3) x, y in pixels of the image and
            visibility, as asked for.
        people (dict): Answer of :meth:`mmkbdm.evaluation.judges.Judge.judge`.
        prompt (str): Empty where there is none.
        scenario (str): Empty where there is none.
        reference (str): File of the real image of this name, or empty.
    """

    name: str
    path: str
    height: int
    width: int
    poses: np.ndarray
    people: dict
    prompt: str = ''
    scenario: str = ''
    reference: str = ''

    @property
    def found(self) -> np.ndarray:
        """Poses found, (D, 17, 3): x, y in pixels and score."""
        return np.concatenate(
            [
                self.people['keypoints'],
                self.people['keypoint_scores'][..., None],
            ],
            axis=-1,
        )


@dataclass(frozen=True)
class Evaluation:
    """All images of a run, those that could not be scored with a reason.

    Args:
        images (Sequence[JudgedImage]): Those to score, in order of name.
        excluded (dict[str, str]): Reason by name of the image.
        images_given (int): Images found, counted before anything else.
        without_image (Sequence[str]): Annotations that no image belongs to.

    Raises:
        AssertionError: An image is lost: neither scored nor excluded.
    """

    images: Sequence[JudgedImage]
    excluded: dict[str, str]
    images_given: int
    without_image: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        accounted = len(self.images) + len(self.excluded)
        if accounted != self.images_given:
            raise AssertionError(
                f'{len(self.images)} images scored and {len(self.excluded)} '
                f'excluded are not the {self.images_given} given'
            )

    @property
    def counts(self) -> dict:
        """What became of the images, ready for JSON."""
        return dict(
            images_given=self.images_given,
            images_scored=len(self.images),
            images_excluded=len(self.excluded),
            excluded_by_reason=dict(Counter(self.excluded.values())),
            annotations_without_image=len(self.without_image),
        )

    def collect(self, protocol=None) -> Collected:
        """Prepare the poses of all images, see :func:`collect_poses`."""
        return collect_poses(
            [image.poses for image in self.images],
            [image.found for image in self.images],
            [image.people['scores'] for image in self.images],
            protocol=protocol,
        )


def save_poses(path: str | Path, images: Sequence[JudgedImage]) -> None:
    """Keep the poses of judged images, so that they can be scored again.

    Args:
        path (str | Path): File ``.npz`` to write; no pickle is in it.
        images (Sequence[JudgedImage]): In any number.
    """
    columns = {key: [getattr(one, key) for one in images] for key in TEXTS}
    people = [image.people for image in images]
    np.savez_compressed(
        path,
        **{key: np.asarray(value, str) for key, value in columns.items()},
        size=np.reshape([(i.height, i.width) for i in images], (-1, 2)),
        num_poses=[len(image.poses) for image in images],
        num_people=[len(one['scores']) for one in people],
        poses=_join([image.poses for image in images], (17, 3)),
        **{
            key: _join([one[key] for one in people], shape)
            for key, shape in PEOPLE.items()
        },
    )


def load_poses(path: str | Path) -> list[JudgedImage]:
    """Read what :func:`save_poses` has written.

    Raises:
        ValueError: The arrays do not fit together.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    _check(arrays)
    poses = _split(arrays['poses'], arrays['num_poses'])
    people = zip(
        *(_split(arrays[key], arrays['num_people']) for key in PEOPLE)
    )
    rows = zip(*(arrays[key].tolist() for key in TEXTS))
    return [
        JudgedImage(
            height=int(height),
            width=int(width),
            poses=pose,
            people=dict(zip(PEOPLE, found)),
            **dict(zip(TEXTS, row)),
        )
        for (height, width), pose, found, row in zip(
            arrays['size'], poses, people, rows
        )
    ]


def _check(arrays: dict[str, np.ndarray]) -> None:
    """Make sure of the shapes, N images with P poses and D people."""
    shapes = dict(
        size=(2,),
        num_poses=(),
        num_people=(),
        **dict.fromkeys(TEXTS, ()),
    )
    images = len(arrays['name'])
    expected = {key: (images, *shape) for key, shape in shapes.items()}
    poses, people = (
        int(arrays[key].sum()) for key in ('num_poses', 'num_people')
    )
    expected['poses'] = (poses, 17, 3)
    for key, shape in PEOPLE.items():
        expected[key] = (people, *shape)
    for key, shape in expected.items():
        if arrays[key].shape != shape:
            raise ValueError(f'{key} is {arrays[key].shape}, not {shape}')
        if key not in TEXTS and arrays[key].dtype.kind not in 'iuf':
            raise ValueError(f'{key} are no numbers')


def _join(arrays: Sequence[np.ndarray], shape: tuple) -> np.ndarray:
    """Concatenate (n, *shape) arrays; none of them make an empty one."""
    return np.concatenate([np.zeros((0, *shape)), *arrays])


def _split(array: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    return np.split(array, np.cumsum(counts)[:-1]) if len(counts) else []
