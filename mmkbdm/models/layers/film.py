"""Modulation of a feature map by a code and the time.

Source: FiLM (arXiv 1709.07871), used by KB-DMGen (arXiv 2507.20083) with a
sigmoid gate at layers of 640, 1280 and 1280 channels, 67.3 M parameters. The
heads, the norm and the zero start are ours.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KINDS = ('linear', 'conv3x3')


class Modulation(NamedTuple):
    """What :class:`GatedFiLM` does to a map, whatever the map is.

    Attributes:
        gate (Tensor): (B, 1, 1, 1) in [0, 1].
        maps (Tensor): gamma and beta, times the gate: (B, 2 C, 1, 1), or
            (B, 2 C, 3, 3) of the kind ``conv3x3``: corners, edges and
            inside of a map.
    """

    gate: Tensor
    maps: Tensor


class GatedFiLM(nn.Module):
    """h + strength * sigmoid(g) (gamma * norm(h) + beta).

    With e = SiLU(W_c code + W_t time) of ``rank`` numbers and norm a group
    norm without parameters, g is one number, W_g e, and gamma and beta are

    - ``linear``: W_h e, one number a channel each;
    - ``conv3x3``: two 3x3 convolutions C -> C of the map that is W_e e at
      every pixel, with zeros around it. Of the size of the paper: 67.4 M
      parameters for 640, 1280 and 1280 channels, code 256, time 1280, rank
      128. Such a map has nine different values at most, which are all that
      is computed.

    The last layer of gamma and beta starts at zero: h is unchanged exactly,
    and as it is the only zero on the path it learns in the first step, all
    else from the second on.

    A code of zeros is no code: the gate of that sample is 0, so its h is
    unchanged exactly, whatever was learned.

    Args:
        channels (int): Channels C of the map.
        code_dim (int): Length of a code.
        time_dim (int): Length of a time embedding.
        rank (int): Numbers between code and heads. Defaults to 128.
        kind (str): ``linear`` or ``conv3x3``. Defaults to ``linear``.
        gated (bool): False leaves out the gate: sigmoid(g) is 1. Defaults to
            True.
        num_groups (int): Groups of the norm, a divisor of C. Defaults to 32.

    Raises:
        ValueError: On a setting that does not exist.
    """

    def __init__(
        self,
        channels: int,
        code_dim: int,
        time_dim: int,
        rank: int = 128,
        kind: str = 'linear',
        gated: bool = True,
        num_groups: int = 32,
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f'kind={kind!r} must be one of {KINDS}')
        if channels % num_groups:
            raise ValueError(
                f'num_groups={num_groups} must divide the {channels} channels'
            )
        self.norm = nn.GroupNorm(num_groups, channels, affine=False)
        self.code = nn.Linear(code_dim, rank)
        self.time = nn.Linear(time_dim, rank, bias=False)
        self.gate = nn.Linear(rank, 1) if gated else None
        if kind == 'linear':
            self.spread = nn.Identity()
            self.head = nn.Linear(rank, 2 * channels)
        else:
            self.spread = nn.Linear(rank, channels)
            self.head = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make the layer the identity."""
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def modulation(self, code: Tensor, time: Tensor) -> Modulation:
        """Compute what does not depend on the map.

        Args:
            code (Tensor): (B, code_dim); a row of zeros is no code.
            time (Tensor): (B, time_dim).
        """
        embedding = F.silu(self.code(code) + self.time(time))
        if self.gate is None:
            gate = embedding.new_ones(len(embedding), 1)
        else:
            gate = self.gate(embedding).sigmoid()
        gate = gate * code.any(-1, keepdim=True)
        values = self.spread(embedding)
        if isinstance(self.head, nn.Conv2d):
            values = values[..., None, None].expand(-1, -1, 3, 3)
            maps = self.head(values)
        else:
            maps = self.head(values)[..., None, None]
        gate = gate[..., None, None]
        return Modulation(gate, gate * maps)

    def modulate(
        self, h: Tensor, modulation: Modulation, strength: float = 1.0
    ) -> Tensor:
        """Change a map.

        Args:
            h (Tensor): Feature map (B, C, H, W).
            modulation (Modulation): Of :meth:`modulation`.
            strength (float): Factor of the change; 0 answers ``h`` itself.
                Defaults to 1.

        Returns:
            Tensor: Same shape and dtype.
        """
        if strength == 0:
            return h
        maps = modulation.maps
        if strength != 1:
            maps = strength * maps
        gamma, beta = _spread(maps, *h.shape[2:]).chunk(2, dim=1)
        change = torch.addcmul(beta, gamma, self.norm(h).to(gamma.dtype))
        return h + change.to(h.dtype)

    def forward(
        self, h: Tensor, code: Tensor, time: Tensor, strength: float = 1.0
    ) -> Tensor:
        """Change a map (B, C, H, W) by a code and a time embedding."""
        return self.modulate(h, self.modulation(code, time), strength)


def _spread(maps: Tensor, height: int, width: int) -> Tensor:
    """Lay corners, edges and inside (B, C, 3, 3) out on (B, C, H, W).

    A side of one pixel is inside.
    """
    if maps.shape[-1] == 1:
        return maps
    for dim, length in ((2, height), (3, width)):
        first, inside, last = maps.split(1, dim)
        if length == 1:
            maps = inside
            continue
        shape = [-1] * 4
        shape[dim] = length - 2
        maps = torch.cat([first, inside.expand(shape), last], dim)
    return maps
