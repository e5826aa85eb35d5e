"""The small network of both stages (ours)."""

from torch import nn


def mlp(
    in_dim: int, hidden_dim: int, out_dim: int, dropout: float = 0.0
) -> nn.Sequential:
    """Linear, LayerNorm, GELU, dropout, linear; (..., in) to (..., out)."""
    return nn.Sequential(
        nn.Linear(in_dim, hidden_dim),
        nn.LayerNorm(hidden_dim),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(hidden_dim, out_dim),
    )
