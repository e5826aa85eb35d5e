"""Radius and strength of the pose masks along the diffusion.

Source: KB-DMGen (arXiv 2507.20083) modulates the dilated masks of Stable-Pose
(arXiv 2406.02485) by a function delta(t) of the time step; neither its formula
nor what it scales is known. The form below is ours.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class DynamicMask(nn.Module):
    """delta(t): a learnable radius and strength for every block and head.

    Either is the logistic curve between 0 and its limit m that goes through
    its start r at u = 0,

        m r / (r + (m - r) exp(-u)),  u = offset + slope (2 t - 1),

    with t from 0 (clean) to 1 (noisiest). Offset and slope start at zero:
    the masks start as the static ones, the same at every t. A positive slope
    is coarse to fine. Both are in units of log-odds, where a learning rate
    of 1e-5 moves nothing: give them a larger one.

    The published masks are blurs of 23 and 13 pixels on a drawing of 512,
    whose reach is 11 and 6 pixels.

    Args:
        radii (Sequence[float]): Start of the radius of each block, in pixels
            of a drawing of ``reference_size``, above 0 and below
            ``max_radius``. Defaults to (11, 6).
        strength (float): Start of the strength of all blocks, in units of
            attention logits, above 0 and below ``max_strength``. Defaults to
            5.
        num_heads (int): Heads of a block. Defaults to 8.
        max_radius (float): Limit of the radius. Defaults to 64.
        max_strength (float): Limit of the strength. Defaults to 20.
        reference_size (int): Side of the drawing the radii are meant for.
            Defaults to 512.
        learnable (bool): False makes the masks static: the same buffers in
            place of parameters, so that a static checkpoint can be
            continued by a dynamic one. Defaults to True.

    Raises:
        ValueError: A start is not inside its limits.
    """

    def __init__(
        self,
        radii: Sequence[float] = (11.0, 6.0),
        strength: float = 5.0,
        num_heads: int = 8,
        max_radius: float = 64.0,
        max_strength: float = 20.0,
        reference_size: int = 512,
        learnable: bool = True,
    ) -> None:
        super().__init__()
        for radius in radii:
            if not 0 < radius < max_radius:
                raise ValueError(
                    f'radii={tuple(radii)} must lie above 0 and below '
                    f'max_radius={max_radius}'
                )
        if not 0 < strength < max_strength:
            raise ValueError(
                f'strength={strength} must be above 0 and below '
                f'max_strength={max_strength}'
            )
        self.max_radius = max_radius
        self.max_strength = max_strength
        self.reference_size = reference_size
        starts = torch.tensor(radii, dtype=torch.float32)[:, None]
        self.register_buffer('radii', starts, persistent=False)
        starts = torch.full_like(starts, strength)
        self.register_buffer('strengths', starts, persistent=False)
        for name in (
            'radius_offset',
            'radius_slope',
            'strength_offset',
            'strength_slope',
        ):
            zeros = torch.zeros(len(radii), num_heads)
            if learnable:
                self.register_parameter(name, nn.Parameter(zeros))
            else:
                self.register_buffer(name, zeros)

    def forward(self, time: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """Give radius and strength at a time.

        Args:
            time (Tensor): Times t (B) in [0, 1], 1 is noisiest.
            size (int): Shorter side of the drawing in pixels. Radii grow
                with it, as the people do.

        Returns:
            tuple[Tensor, Tensor]: Radius in pixels of that drawing, and
            strength, each (B, blocks, heads), float32.
        """
        course = (2 * time.float() - 1)[:, None, None]
        radius = _logistic(
            self.radius_offset + self.radius_slope * course,
            self.radii,
            self.max_radius,
        )
        strength = _logistic(
            self.strength_offset + self.strength_slope * course,
            self.strengths,
            self.max_strength,
        )
        return radius * (size / self.reference_size), strength


def _logistic(u: Tensor, start: Tensor, limit: float) -> Tensor:
    """Map (-inf, inf) to (0, limit), 0 to ``start``.

    Not by a sigmoid: the static radius must not be rounded, a pixel may lie
    exactly on it.
    """
    # Beyond e^40 the answer is 0 anyway, and the gradient would be NaN.
    decay = torch.exp((-u).clamp(max=40))
    return start * (limit / (start + (limit - start) * decay))
