"""What a pipeline is given, brought to one form (ours)."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmkbdm.apis.errors import PreflightError
from mmkbdm.visualization.pose_drawing import draw_pose


def text_list(value, name: str) -> list[str]:
    """Return one text or several as a list.

    Raises:
        PreflightError: It is neither.
    """
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not texts:
        raise PreflightError(f'{name}={value!r} must be a text, or a list')
    for text in texts:
        if not isinstance(text, str):
            raise PreflightError(f'{name} has {text!r}, which is no text')
        try:
            text.encode()
        except UnicodeEncodeError as error:
            # JSON can hold them, and no tokenizer takes them.
            raise PreflightError(
                f'{name} has half a character at {error.start}: {text!r:.60}'
            ) from error
    return list(texts)


def image_list(value) -> list[Tensor]:
    """Return one drawn condition or several as uint8 (3, H, W) RGB.

    Args:
        value: A PIL image; an array, uint8 (H, W, 3); a tensor, uint8 (3, H,
            W); or a list of such.

    Raises:
        PreflightError: It is something else.
    """
    images = value if isinstance(value, list | tuple) else [value]
    return [_to_tensor(image) for image in images]


def pose_list(value) -> list[np.ndarray]:
    """Return the poses of one image or of several.

    Args:
        value: (P, 17, 2 or 3), array, tensor or nested lists; or a list of
            such, one an image. P may be 0, and differ from image to image.

    Raises:
        PreflightError: The shape is another, or a number is not finite;
            names image, person and joint.
    """
    if _depth(value) == 4:
        value = list(value)
    several = isinstance(value, list | tuple) and any(
        _depth(one) == 3 for one in value
    )
    images = value if several else [value]
    return [_poses(one, f'poses[{i}]') for i, one in enumerate(images)]


def draw_poses(
    poses: Sequence[np.ndarray], height: int, width: int
) -> list[Tensor]:
    """Draw the poses of each image, uint8 (3, height, width) RGB.

    Raises:
        PreflightError: The size is none.
    """
    if height < 1 or width < 1:
        raise PreflightError(f'an image of {width}x{height} pixels is none')
    return [_to_tensor(draw_pose(one, height, width)) for one in poses]


def spread_out(values: list, count: int, name: str) -> list:
    """Return so many values: the same one for all, or as many as asked.

    Raises:
        PreflightError: There is another number of them.
    """
    if len(values) not in (1, count):
        raise PreflightError(
            f'{name} has {len(values)} entries for {count} images: give one, '
            'or one each'
        )
    return values * count if len(values) == 1 else values


def generator_list(value, count: int) -> list[torch.Generator]:
    """Return a generator for each image.

    Args:
        value (torch.Generator or list, optional): One, which the images draw
            from one after another, or one each, on the CPU. None draws seeds
            of PyTorch's global one.
        count (int): Number of images.

    Raises:
        PreflightError: There is another number of them, or one is on a GPU.
    """
    if value is None:
        seeds = torch.randint(2**63 - 1, (count,)).tolist()
        return [torch.Generator().manual_seed(seed) for seed in seeds]
    given = list(value) if isinstance(value, list | tuple) else [value]
    for one in given:
        if not isinstance(one, torch.Generator) or one.device.type != 'cpu':
            raise PreflightError(
                f'generator={one!r} must be on the CPU, where a seed gives '
                'the same image with every device: '
                'torch.Generator().manual_seed(0)'
            )
    return spread_out(given, count, 'generator')


def _to_tensor(image) -> Tensor:
    if isinstance(image, Image.Image):
        image = np.asarray(image.convert('RGB'))
    if isinstance(image, np.ndarray) and image.ndim == 3:
        image = torch.from_numpy(
            np.ascontiguousarray(image.transpose(2, 0, 1))
        )
    if (
        not isinstance(image, Tensor)
        or image.ndim != 3
        or image.shape[0] != 3
        or image.dtype != torch.uint8
    ):
        found = f'{tuple(image.shape)} ' if hasattr(image, 'shape') else ''
        raise PreflightError(
            f'image is a {type(image).__name__} {found}and no drawn pose: '
            'give a PIL image, an array (H, W, 3) or a tensor (3, H, W) of '
            'uint8, or a list of such'
        )
    return image


def _depth(value) -> int:
    """How many lists lie in each other; an array counts its axes."""
    if hasattr(value, 'ndim'):
        return value.ndim
    depth = 0
    while isinstance(value, list | tuple):
        depth += 1
        value = value[0] if value else None
        if hasattr(value, 'ndim'):
            return depth + value.ndim
    return depth


def _poses(value, name: str) -> np.ndarray:
    try:
        poses = np.asarray(value, np.float32)
    except (TypeError, ValueError) as error:
        raise PreflightError(
            f'{name} is no array of numbers: give (people, 17, 2 or 3)'
        ) from error
    if poses.size == 0:
        return np.zeros((0, 17, 3), np.float32)
    if poses.ndim != 3 or poses.shape[1] != 17 or poses.shape[2] not in (2, 3):
        raise PreflightError(
            f'{name} has the shape {poses.shape}: give (people, 17, 2 or 3), '
            'the joints of COCO with x, y and a confidence'
        )
    finite = np.isfinite(poses).all(-1)
    if not finite.all():
        person, joint = np.argwhere(~finite)[0]
        raise PreflightError(
            f'{name}: joint {joint} of person {person} is not finite '
            f'({poses[person, joint]}): give it a confidence of 0 and numbers'
        )
    if poses.shape[2] == 2:
        sure = np.ones_like(poses[..., :1])
        poses = np.concatenate([poses, sure], -1)
    return poses
