"""From the classifier's logits to one code vector (ours)."""

from torch import Tensor


def read_out(logits: Tensor, codes: Tensor, top_k: int) -> Tensor:
    """Average the most probable codes, weighted by their probability.

    Args:
        logits (Tensor): (..., K), any float dtype.
        codes (Tensor): The codebook (K, d).
        top_k (int): Codes that take part; their probabilities are scaled to
            sum to 1. 1 is the arg-max.

    Returns:
        Tensor: (..., d) in the dtype of ``codes``.

    Raises:
        ValueError: When ``top_k`` is not in 1..K.
    """
    check_top_k(top_k, len(codes))
    best, indices = logits.float().topk(top_k)
    weights = best.softmax(-1).to(codes.dtype)
    return (weights.unsqueeze(-1) * codes[indices]).sum(-2)


def check_top_k(top_k: int, num_codes: int) -> None:
    """Raise a ValueError when so many codes cannot be averaged."""
    if not 1 <= top_k <= num_codes:
        raise ValueError(
            f'top_k={top_k} must be between 1 and the {num_codes} codes'
        )
