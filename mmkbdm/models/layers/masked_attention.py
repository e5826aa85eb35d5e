"""Attention that is weaker among background tokens.

Source: the pose-masked self-attention of Stable-Pose (arXiv 2406.02485),
where only pairs of two background tokens are suppressed. The soft form and
the way to compute it are ours.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def masked_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    background: Tensor,
    strength: float | Tensor,
) -> Tensor:
    """softmax(q_i . k_j / sqrt(d) - s b_i b_j) v_j over the tokens j.

    Args:
        q, k, v (Tensor): Queries, keys and values (B, heads, N, d).
        background (Tensor): Weights b (B, heads, N) in [0, 1], 1 is
            background; the first two dimensions may be 1.
        strength (float | Tensor): Strengths s >= 0, one for all or (B,
            heads), each of the two may be 1. In half precision below 1e3.

    Returns:
        Tensor: (B, heads, N, d).
    """
    channels = mask_channels(background, strength, q.shape[-1])
    return attend(torch.stack([q, k, v]), channels)


def mask_channels(
    background: Tensor, strength: float | Tensor, head_dim: int
) -> Tensor:
    """Compute the channel of queries and keys that masks them.

    The suppression has rank one: -s b_i b_j is the product of one more
    channel of q_i and one of k_j, and fused attention runs without a mask of
    N x N. The whole of s stands in q: a square root in each would have no
    gradient at s = 0.

    Args:
        background (Tensor): Weights b (..., N), see
            :func:`masked_attention`.
        strength (float | Tensor): Strengths s, one for all or (...).
        head_dim (int): Channels d of a head.

    Returns:
        Tensor: (2, ..., N) in the dtype of both: of queries, of keys.
    """
    strength = torch.as_tensor(strength, device=background.device)
    row = (-(head_dim**0.5) * strength)[..., None] * background
    return torch.stack(torch.broadcast_tensors(row, background.to(row.dtype)))


def attend(qkv: Tensor, channels: Tensor) -> Tensor:
    """Attention with one more channel of queries and keys.

    All are filled with zeros to a multiple of 8 channels, v to the same,
    because fused kernels want aligned rows and heads of one size. The factor
    1 / sqrt(d) is given, as the default would take the filled d.

    Args:
        qkv (Tensor): Queries, keys and values (3, B, heads, N, d).
        channels (Tensor): Of :func:`mask_channels` (2, B, heads, N); B and
            heads may be 1.

    Returns:
        Tensor: (B, heads, N, d).
    """
    head_dim = qkv.shape[-1]
    channels = channels.to(qkv.dtype).expand(2, *qkv.shape[1:-1])
    padding = (0, -(head_dim + 1) % 8, *[0] * 6, 0, 1)
    channels = F.pad(channels[..., None], padding)
    q, k, v = torch.cat([qkv, channels], dim=-1)
    out = F.scaled_dot_product_attention(q, k, v, scale=head_dim**-0.5)
    return out[..., :head_dim]
