"""One answer of those of several parts (ours).

Source: that the answers of the parts are composed is of KB-DMGen (arXiv
2507.20083); attention pooling is our way to do it.
"""

import torch
from torch import Tensor, nn


class PartPooling(nn.Module):
    """Attention pooling over named parts, by one learned query.

    The weights are n softmax(query . (W code + slot) / sqrt(d)) over the n
    parts that are asked: one that counts as much as the others has 1. The
    query starts at zero: the plain sum.

    Args:
        dim (int): Dimensions d of a code.
        num_slots (int): Parts S.
    """

    def __init__(self, dim: int, num_slots: int) -> None:
        super().__init__()
        self.key = nn.Linear(dim, dim, bias=False)
        self.slots = nn.Parameter(torch.empty(num_slots, dim))
        self.query = nn.Parameter(torch.empty(dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the query to zero and draw the rest."""
        self.key.reset_parameters()
        nn.init.normal_(self.slots, std=0.02)
        nn.init.zeros_(self.query)

    def forward(
        self, codes: Tensor, answers: Tensor, asked: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Add up the answers.

        Args:
            codes (Tensor): (B, S, d), what the answers stand for.
            answers (Tensor): (B, S, v).
            asked (Tensor): (B, S) bool, the parts that count.

        Returns:
            tuple[Tensor, Tensor]: The sum (B, v), zero where no part counts,
            and the weights (B, S), zero of parts that do not count.
        """
        weights = self._weights(codes, asked)
        return (weights.unsqueeze(-1) * answers).sum(1), weights

    def _weights(self, codes: Tensor, asked: Tensor) -> Tensor:
        keys = self.key(codes) + self.slots
        scores = (keys @ self.query) * len(self.query) ** -0.5
        scores = scores.masked_fill(~asked, -torch.inf)
        # Without any part softmax would be 0 / 0, in its gradient as well.
        scores = scores.masked_fill(~asked.any(1, keepdim=True), 0)
        return scores.softmax(1) * asked * asked.sum(1, keepdim=True)
