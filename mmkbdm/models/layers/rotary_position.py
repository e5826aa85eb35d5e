"""Rotary position encoding of a map: relative positions of its tokens.

Source: RoFormer (arXiv 2104.09864), in two dimensions by axes as in "Rotary
Position Embedding for Vision Transformer" (arXiv 2403.13298): half of a
token's channels turn with its row, half with its column, frequencies from 1
down to 1/100 per pixel. The product of two tokens then knows their distance.
"""

import torch
from torch import Tensor

BASE = 100.0


def axis_places(length: int, stride: int, like: Tensor) -> Tensor:
    """Centres, in pixels, of the cells that ``stride`` pixels are pooled to.

    Args:
        length (int): Pixels along the axis.
        stride (int): Pixels of a cell; the last one may have fewer.
        like (Tensor): Gives the device.

    Returns:
        Tensor: (ceil(length / stride), ), float32.
    """
    first = torch.arange(
        0, length, stride, device=like.device, dtype=torch.float32
    )
    last = (first + (stride - 1)).clamp(max=length - 1)
    return (first + last) / 2


def rotate_2d(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Turn the channels of every token by its place.

    Args:
        x (Tensor): Tokens (..., H, W, m, d), m of them at a pixel, d a
            multiple of four. Along d lie the two parts that turn with the
            row, then the two that turn with the column.
        rows (Tensor): Place of each row (H, ) in pixels.
        columns (Tensor): Place of each column (W, ) in pixels.

    Returns:
        Tensor: Same shape and dtype as ``x``, every token of the same norm.
    """
    quarter = x.shape[-1] // 4
    step = torch.arange(quarter, device=x.device, dtype=torch.float32)
    frequency = BASE ** (-step / quarter)
    size = (len(rows), len(columns), quarter)
    angle = torch.stack(
        [
            (rows[:, None, None] * frequency).expand(size),
            (columns[None, :, None] * frequency).expand(size),
        ],
        dim=2,
    ).unsqueeze(2)  # (H, W, 1, 2, d / 4), before the m tokens
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x.unflatten(-1, (2, 2, quarter)).unbind(-2)
    turned = torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-2)
    return turned.flatten(-3)
