"""Where the pose is: masks, exact distances and background weights (ours).

Stable-Pose (arXiv 2406.02485) dilates the drawn pose by a blur and a
comparison of floats. Here a dilation is a Euclidean distance and a radius,
both in pixels of the mask.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Numbers held at a time in the second pass of the distance transform.
CHUNK = 2**22


def pose_mask(condition: Tensor) -> Tensor:
    """Find the drawn pixels: any colour above black.

    Args:
        condition (Tensor): Drawn poses (B, 3, H, W), uint8 or float with
            black at 0.

    Returns:
        Tensor: Mask (B, 1, H, W), bool.
    """
    return (condition > 0).any(1, keepdim=True)


@torch.no_grad()
def distance_to_pose(mask: Tensor) -> Tensor:
    """Measure the exact Euclidean distance of every pixel to the pose.

    Separable: first along the columns, then the minimum over x' of
    d(y, x')^2 + (x - x')^2 along the rows, O(H W^2) in all.

    Args:
        mask (Tensor): Pose (B, 1, H, W), bool.

    Returns:
        Tensor: Distances (B, 1, H, W) in pixels, float32: 0 on the pose, and
        H + W, further than any pixel can be, in an image without pose.
    """
    height, width = mask.shape[-2:]
    far = height + width
    settings = dict(device=mask.device, dtype=torch.float32)
    rows = torch.arange(height, **settings)[:, None]
    above = rows.where(mask, -far).cummax(-2).values
    below = rows.where(mask, 2 * far).flip(-2).cummin(-2).values.flip(-2)
    vertical = torch.minimum(rows - above, below - rows).clamp(max=far)

    columns = torch.arange(width, **settings)
    parabola = (columns[:, None] - columns).square()
    lines = vertical.square().flatten(0, -2)
    parts = lines.split(max(1, CHUNK // width**2))
    squared = [(part[:, None] + parabola).amin(-1) for part in parts]
    return torch.cat(squared).view(mask.shape).sqrt()


def dilate(mask: Tensor, radius: float | Tensor) -> Tensor:
    """Add all pixels within a radius of the pose.

    Args:
        mask (Tensor): Pose (B, 1, H, W), bool.
        radius (float | Tensor): In pixels, one for all or (B); 0 changes
            nothing.

    Returns:
        Tensor: Mask (B, 1, H, W), bool; empty where no pose is.
    """
    if isinstance(radius, Tensor):
        radius = radius.view(-1, 1, 1, 1)
    elif radius < 0:
        raise ValueError(f'radius={radius} must not be negative')
    near = distance_to_pose(mask) <= radius
    return near & mask.any(-1, keepdim=True).any(-2, keepdim=True)


def token_mask(mask: Tensor, patch: int) -> Tensor:
    """Find the tokens that touch the pose: any pixel of theirs does.

    Args:
        mask (Tensor): Pose (B, 1, H, W), bool.
        patch (int): Side p of a token in pixels of the mask.

    Returns:
        Tensor: Mask (B, 1, H / p, W / p), bool.
    """
    _check_patch(mask, patch)
    return F.max_pool2d(mask.float(), patch) > 0


def token_distance(distance: Tensor, patch: int) -> Tensor:
    """Distance of every token to the pose: that of its nearest pixel.

    ``token_distance(d, p) <= r`` is ``token_mask(dilate(mask, r), p)``.

    Args:
        distance (Tensor): Of every pixel (B, 1, H, W), see
            :func:`distance_to_pose`.
        patch (int): Side p of a token in pixels of the map.

    Returns:
        Tensor: Distances (B, 1, H / p, W / p) in pixels.
    """
    _check_patch(distance, patch)
    return -F.max_pool2d(-distance, patch)


def background_weight(
    distance: Tensor, radius: Tensor, softness: float
) -> Tensor:
    """Weigh how much a token is background: sigmoid((d - r) / softness).

    Args:
        distance (Tensor): Of every token (B, 1, h, w) in pixels.
        radius (Tensor): Radii (B, ...) in pixels, or (1, ...) for all
            images. They get a gradient if ``softness`` is above 0.
        softness (float): Width of the transition in pixels; 0 is the hard
            mask, 0 up to and with the radius and 1 beyond.

    Returns:
        Tensor: Weights (B, ..., h w) in [0, 1], the tokens row by row.
    """
    if softness < 0:
        raise ValueError(f'softness={softness} must not be negative')
    tokens = distance.flatten(1)
    tokens = tokens.view(len(tokens), *[1] * (radius.ndim - 1), -1)
    beyond = tokens - radius[..., None]
    if softness == 0:
        return (beyond > 0).to(beyond.dtype)
    return torch.sigmoid(beyond / softness)


def _check_patch(x: Tensor, patch: int) -> None:
    height, width = x.shape[-2:]
    if height % patch or width % patch:
        raise ValueError(
            f'patch={patch} does not divide the map of {height}x{width} '
            'pixels: give one whose sides are multiples of it'
        )
