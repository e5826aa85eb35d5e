"""Images, poses, prompts and real images brought together (ours)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmengine.logging import print_log

from mmkbdm.apis.errors import PreflightError

from .image_folder import list_images
from .item import ImageItem
from .match_names import match_names
from .pose_file import PoseRecord
from .prompts import prompts_of
from .read_image import image_size

NO_POSES = 'its pose file cannot be used'


@dataclass(frozen=True)
class Inputs:
    """All that is to be judged of a folder, and what is not.

    Args:
        folder (str): Of the images.
        items (list[ImageItem]): Images with an annotation.
        excluded (dict[str, str]): Reason by name of the image.
        images_given (int): Images in the folder.
        without_image (list[str]): Annotations that no image belongs to.
    """

    folder: str
    items: list[ImageItem]
    excluded: dict[str, str]
    images_given: int
    without_image: list[str]


def collect_items(
    images: str,
    records: Sequence[PoseRecord],
    poses: str,
    reference: str | None = None,
    prompts: dict[str, str] | None = None,
) -> Inputs:
    """Find the annotation of every image of a folder.

    Poses whose size is not annotated are in pixels of the image that they
    were taken of: it is looked at, or else the real image of that name.

    Args:
        images (str): The folder.
        records (Sequence[PoseRecord]): Of :func:`read_pose_file`.
        poses (str): Their file, for messages.
        reference (str, optional): Folder of real images of the same names.
        prompts (dict[str, str], optional): Prompts by name, in the place of
            those annotated.

    Raises:
        PreflightError: The folder is empty, or no name matches.
    """
    names = list_images(images)
    matches = match_names(names, [record.name for record in records])
    if not matches.pairs:
        example = repr(records[0].name) if records else 'missing'
        reason = matches.excluded[names[0]]
        raise PreflightError(
            f'no image of {images} can be told to which annotation of '
            f'{poses} it belongs: images are named like {names[0]!r} '
            f'({reason}), annotations like {example}; the names must be '
            'the same but for outer folders and endings'
        )
    items, excluded, originals = [], dict(matches.excluded), {}
    for name, place in matches.pairs.items():
        record = records[place]
        try:
            found = record.load_poses()
        except PreflightError as error:
            print_log(f'{name} is left out: {error}', logger='current')
            excluded[name] = NO_POSES
            continue
        items.append(
            ImageItem(
                name,
                os.path.join(images, name),
                found,
                record.annotated_size,
                record.prompt,
                record.scenario,
            )
        )
        originals[name] = record.original
    if reference is not None:
        items = _with_reference(items, reference)
    if prompts is not None:
        items = _with_prompts(items, prompts)
    items = [_with_size(item, originals[item.name]) for item in items]
    without_image = [records[place].name for place in matches.without_image]
    return Inputs(images, items, excluded, len(names), without_image)


def _with_size(item: ImageItem, original: str) -> ImageItem:
    if item.annotated_size is not None:
        return item
    files = filter(None, (original, item.reference))
    sizes = (image_size(file) for file in files)
    return replace(item, annotated_size=next(filter(None, sizes), None))


def _with_reference(items: list[ImageItem], folder: str) -> list[ImageItem]:
    files = list_images(folder)
    names = [item.name for item in items]
    pairs = match_names(names, files).pairs
    if not pairs:
        raise PreflightError(
            f'no image of {folder} has the name of a generated one: they '
            f'are named like {files[0]!r}, and generated ones like '
            f'{(names or [""])[0]!r}'
        )
    return [
        replace(item, reference=os.path.join(folder, files[pairs[item.name]]))
        if item.name in pairs
        else item
        for item in items
    ]


def _with_prompts(
    items: list[ImageItem], prompts: dict[str, str]
) -> list[ImageItem]:
    found = prompts_of([item.name for item in items], prompts)
    if not found:
        raise PreflightError(
            f'no prompt belongs to an image: prompts are named like '
            f'{next(iter(prompts), "")!r}, images like '
            f'{items[0].name if items else ""!r}'
        )
    return [
        replace(item, prompt=found.get(item.name, item.prompt))
        for item in items
    ]
