"""Fixed 2-D sine-cosine position encoding.

Source: "Attention Is All You Need" (arXiv 1706.03762), in two dimensions as
in MAE (arXiv 2111.06377): half of the channels for each axis.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor


def sincos_position_2d(
    channels: int, height: int, width: int, like: Tensor
) -> Tensor:
    """Encode every position of a map in ``channels`` numbers in [-1, 1].

    The order along the channels is sin(y), cos(y), sin(x), cos(x), a quarter
    each, frequencies from 1 down to 1e-4 per pixel. A number of channels that
    is no multiple of four is cut from the next larger encoding.

    An encoding is computed once and kept, the last 32 of them: on a GPU its
    nine operations would be half of the launches of a level.

    Args:
        channels (int): Channels c.
        height (int): Rows H.
        width (int): Columns W.
        like (Tensor): Gives the dtype and device of the answer.

    Returns:
        Tensor: Encoding (1, c, H, W), channels-last in memory. Others have
        the same one: it must not be written to.
    """
    encode = _kept if _may_keep(like) else _encode
    return encode(channels, height, width, like.dtype, like.device)


def _may_keep(like: Tensor) -> bool:
    """Whether what is computed now is real, and stays so.

    It is not while a graph is compiled, exported or traced, on tensors of
    other kinds (fake, functional, transformed by torch.func), and while a
    CUDA graph is captured, whose memory is its own.
    """
    return not (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()
        or type(like) is not Tensor
        or torch._C._functorch.is_functorch_wrapped_tensor(like)
        or (like.is_cuda and torch.cuda.is_current_stream_capturing())
    )


def _encode(
    channels: int,
    height: int,
    width: int,
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    quarter = math.ceil(channels / 4)
    step = torch.arange(quarter, device=device, dtype=torch.float32)
    frequency = torch.exp(step * (-math.log(1e4) / quarter))

    length = max(height, width)
    place = torch.arange(length, device=device, dtype=torch.float32)
    angle = place[:, None] * frequency
    table = torch.cat([angle.sin(), angle.cos()], dim=-1)
    rows = table[:height, None].expand(-1, width, -1)
    columns = table[None, :width].expand(height, -1, -1)
    encoding = torch.cat([rows, columns], dim=-1)[..., :channels]
    return encoding.to(dtype).permute(2, 0, 1)[None]


# Out of inference mode, in which training could not use it later.
_kept = lru_cache(maxsize=32)(torch.inference_mode(False)(_encode))
