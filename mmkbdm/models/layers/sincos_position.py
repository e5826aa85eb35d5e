"""Fixed 2-D sine-cosine position encoding.

Source: "Attention Is All You Need" (arXiv 1706.03762), in two dimensions as
in MAE (arXiv 2111.06377): half of the channels for each axis.
"""

import math

import torch
from torch import Tensor


def sincos_position_2d(
    channels: int, height: int, width: int, like: Tensor
) -> Tensor:
    """Encode every position of a map in ``channels`` numbers in [-1, 1].

    The order along the channels is sin(y), cos(y), sin(x), cos(x), a quarter
    each, frequencies from 1 down to 1e-4 per pixel. A number of channels that
    is no multiple of four is cut from the next larger encoding.

    Args:
        channels (int): Channels c.
        height (int): Rows H.
        width (int): Columns W.
        like (Tensor): Gives the dtype and device of the answer.

    Returns:
        Tensor: Encoding (1, c, H, W), channels-last in memory.
    """
    quarter = math.ceil(channels / 4)
    step = torch.arange(quarter, device=like.device, dtype=torch.float32)
    frequency = torch.exp(step * (-math.log(1e4) / quarter))

    # One table for both axes: on a GPU every operation here costs a launch.
    length = max(height, width)
    place = torch.arange(length, device=like.device, dtype=torch.float32)
    angle = place[:, None] * frequency
    table = torch.cat([angle.sin(), angle.cos()], dim=-1)
    rows = table[:height, None].expand(-1, width, -1)
    columns = table[None, :width].expand(height, -1, -1)
    encoding = torch.cat([rows, columns], dim=-1)[..., :channels]
    return encoding.to(like.dtype).permute(2, 0, 1)[None]
