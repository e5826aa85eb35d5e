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

    The suppression has rank one, so it is one more channel of q and k, and
    fused attention runs without a mask of N x N. All are filled with zeros
    to a multiple of 8 channels, and v to the same, because fused kernels
    want aligned rows and heads of one size. The factor 1 / sqrt(d) is given,
    as the default would take the filled d. The whole of s stands in q: a
    square root in each would have no gradient at s = 0.

    Args:
        q, k, v (Tensor): Queries, keys and values (B, heads, N, d).
        background (Tensor): Weights b (B, heads, N) in [0, 1], 1 is
            background; the first two dimensions may be 1.
        strength (float | Tensor): Strengths s >= 0, one for all or (B,
            heads), each of the two may be 1. In half precision below 1e3.

    Returns:
        Tensor: (B, heads, N, d).
    """
    channels = q.shape[-1]
    background = background.to(q.dtype)
    # A number would be rounded in the dtype of the weights all the same.
    strength = torch.as_tensor(strength, dtype=q.dtype, device=q.device)
    row = -(strength * channels**0.5)[..., None] * background
    padding = -(channels + 1) % 8
    zeros = q.new_zeros(()).expand(*q.shape[:-1], padding)
    q = torch.cat([q, row.expand(q.shape[:-1])[..., None], zeros], dim=-1)
    column = background.expand(k.shape[:-1])[..., None]
    k = torch.cat([k, column, zeros], dim=-1)
    v = F.pad(v, (0, 1 + padding))
    out = F.scaled_dot_product_attention(q, k, v, scale=channels**-0.5)
    return out[..., :channels]
