"""One vector of the codes of several parts (ours).

Source: that the answers of the parts are composed is of KB-DMGen (arXiv
2507.20083); attention pooling is our way to do it.
"""

import torch
from torch import Tensor, nn


class PartPooling(nn.Module):
    """Attention pooling over named parts, by one learned query.

    The weights are softmax(query . (W code + slot) / sqrt(d)) over the parts
    that are asked; the result is the weighted mean of the codes themselves,
    so it lies among them. The query starts at zero: the plain mean.

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

    def forward(self, codes: Tensor, asked: Tensor) -> Tensor:
        """Pool the parts.

        Args:
            codes (Tensor): (B, S, d).
            asked (Tensor): (B, S) bool, the parts that count.

        Returns:
            Tensor: (B, d); zero where no part counts.
        """
        weights = self.weights(codes, asked)
        return (weights.unsqueeze(-1) * codes).sum(1)

    def weights(self, codes: Tensor, asked: Tensor) -> Tensor:
        """Return the weights (B, S), zero of parts that do not count."""
        keys = self.key(codes) + self.slots
        scores = (keys @ self.query) * len(self.query) ** -0.5
        scores = scores.masked_fill(~asked, -torch.inf)
        # Without any part softmax would be 0 / 0, in its gradient as well.
        scores = scores.masked_fill(~asked.any(1, keepdim=True), 0)
        return scores.softmax(1) * asked
