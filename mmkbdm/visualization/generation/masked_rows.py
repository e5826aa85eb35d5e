"""Single rows of pose-masked attention, and shares of them (ours).

The model runs fused attention and never has the N x N matrix. Here it is read
off for a few query tokens at a time, from the queries, keys and mask channels
that went in.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def masked_rows(
    query: Tensor, key: Tensor, channels: Tensor, tokens: Sequence[int]
) -> Tensor:
    """Attention of single query tokens to all tokens.

    Args:
        query, key (Tensor): (heads, N, d).
        channels (Tensor): (2, heads, N), of
            :func:`~mmkbdm.models.layers.mask_channels`; heads may be 1.
        tokens (Sequence[int]): The R query tokens.

    Returns:
        Tensor: (R, heads, N), float32; each row sums to one.
    """
    of_query, of_key = channels.float()
    rows = query[:, tokens].float() @ key.float().transpose(1, 2)
    rows = rows + of_query[:, tokens, None] * of_key[:, None]
    return (rows * query.shape[-1] ** -0.5).softmax(-1).transpose(0, 1)


def paid_to(
    query: Tensor,
    key: Tensor,
    channels: Tensor,
    wanted: Tensor,
    chunk: int = 256,
) -> Tensor:
    """Share of its attention that each token pays to a set of tokens.

    Args:
        query, key, channels (Tensor): See :func:`masked_rows`.
        wanted (Tensor): The set (N), bool.
        chunk (int): Query tokens at a time. Defaults to 256.

    Returns:
        Tensor: (N, heads), float32, in [0, 1].
    """
    tokens = torch.arange(query.shape[1], device=query.device)
    return torch.cat(
        [
            masked_rows(query, key, channels, some)[..., wanted].sum(-1)
            for some in tokens.split(chunk)
        ]
    )
