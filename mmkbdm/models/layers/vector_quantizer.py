"""A codebook of unit vectors, learned by moving averages.

Source: VQ-VAE (arXiv 1711.00937): straight-through gradient, commitment loss,
exponential moving averages in place of a codebook loss. The look-up by cosine
is that of ViT-VQGAN (arXiv 2110.04627). KB-DMGen (arXiv 2507.20083) names an
entropy regulariser against collapse; its formula, the rule that finds unused
codes and their restart are ours.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Quantized(NamedTuple):
    """What :class:`VectorQuantizer` answers.

    Attributes:
        quantized (Tensor): Codes (B, d) of length 1 in the dtype of the
            input, with the gradient of the normalised input.
        indices (Tensor): Which codes (B), int64.
        losses (dict[str, Tensor]): ``loss_commitment`` and ``loss_entropy``,
            float32 scalars, weights included.
        perplexity (Tensor): Codes in use, 1 to K, as the perplexity of the
            running usage, 0 before any training; a float32 scalar.
        dead (Tensor): Fraction of codes not chosen for so long that they
            count as unused, restarted or not; a float32 scalar.
    """

    quantized: Tensor
    indices: Tensor
    losses: dict[str, Tensor]
    perplexity: Tensor
    dead: Tensor


class VectorQuantizer(nn.Module):
    """Replaces vectors by the nearest of K codes, all of length 1.

    With z the input at length 1, e_k the codes and p = softmax(z . e_k / T)
    over k, the losses are

    - commitment: c |z - e|^2 with the chosen code e fixed, batch mean;
    - entropy: w (mean_i H(p_i) - H(mean_i p_i)) / log K, from -w (every
      vector certain, all codes used alike) to 0.

    In training every chosen code moves towards the vectors that chose it,
    and a code that none of the last ``patience * K`` vectors chose starts
    again at a vector of the batch: a code used like the others is idle for
    so long with probability exp(-patience), whatever the batch size. The
    restart depends on the number of the step alone, so that it is the same
    in every process and after resuming. In eval nothing changes.

    Args:
        num_codes (int): Codes K, at least 2.
        dim (int): Their length d.
        commitment (float): Weight c. Defaults to 0.25.
        entropy (float): Weight w; 0 leaves the term out. Defaults to 0.1.
        temperature (float): T of the soft assignment. Defaults to 0.1.
        decay (float): Share of the old in the moving averages. Defaults to
            0.99.
        patience (float): See above. Defaults to 8.
        gather (Callable, optional): Maps the vectors (B, d) of this process
            to those of all, in the same order everywhere; moving averages
            and restarts are computed from these. A sum would not do: a
            restart needs single vectors. Defaults to those of this process.

    Raises:
        ValueError: On a setting or a shape that does not exist.
    """

    def __init__(
        self,
        num_codes: int,
        dim: int,
        commitment: float = 0.25,
        entropy: float = 0.1,
        temperature: float = 0.1,
        decay: float = 0.99,
        patience: float = 8.0,
        gather: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(num_codes, int) or num_codes < 2:
            raise ValueError(f'num_codes={num_codes!r} must be an int above 1')
        if not 0 <= decay < 1:
            raise ValueError(f'decay={decay} must be in [0, 1)')
        if temperature <= 0:
            raise ValueError(f'temperature={temperature} must be above 0')
        self.num_codes = num_codes
        self.dim = dim
        self.commitment = commitment
        self.entropy = entropy
        self.temperature = temperature
        self.decay = decay
        self.limit = patience * num_codes
        self.gather = gather
        # Only the direction of a sum counts, so that it needs no division.
        self.register_buffer('sums', F.normalize(torch.randn(num_codes, dim)))
        self.register_buffer('usage', torch.zeros(num_codes))
        # Vectors seen since a code was chosen, and since it was chosen or
        # restarted: a restarted code counts as unused until it is chosen.
        self.register_buffer('idle', torch.zeros(num_codes).long())
        self.register_buffer('waiting', torch.zeros(num_codes).long())
        self.register_buffer('step', torch.tensor(0))

    @property
    def codes(self) -> Tensor:
        """Codes (K, d), float32, of length 1."""
        return F.normalize(self.sums.float(), dim=-1)

    def forward(self, x: Tensor) -> Quantized:
        """Quantize vectors.

        Args:
            x (Tensor): Vectors (B, d) of any length and float dtype.
        """
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(
                f'VectorQuantizer has dim={self.dim}, got vectors of shape '
                f'{tuple(x.shape)}: give (B, {self.dim})'
            )
        # A step of the moving average is lost in half precision.
        with torch.autocast(x.device.type, enabled=False):
            z = F.normalize(x.float(), dim=-1)
            codes = self.codes
            cosine = z @ codes.T
            indices = cosine.argmax(-1)
            chosen = codes[indices]
            distance = (z - chosen).square().sum(-1).mean()
            losses = dict(
                loss_commitment=self.commitment * distance,
                loss_entropy=self.entropy * self._entropy_term(cosine),
            )
            if self.training:
                self._update(z.detach(), codes)
        quantized = (z + (chosen - z).detach()).to(x.dtype)
        perplexity = code_perplexity(self.usage)
        dead = (self.idle > self.limit).float().mean()
        return Quantized(quantized, indices, losses, perplexity, dead)

    def _entropy_term(self, cosine: Tensor) -> Tensor:
        """Entropy of each vector less that of their mean, over log K."""
        if self.entropy == 0:
            return cosine.new_zeros(())
        log_p = F.log_softmax(cosine / self.temperature, dim=-1)
        single = -(log_p.exp() * log_p).sum(-1).mean()
        log_mean = log_p.logsumexp(0) - math.log(len(log_p))
        joint = -(log_mean.exp() * log_mean).sum()
        return (single - joint) / math.log(self.num_codes)

    @torch.no_grad()
    def _update(self, z: Tensor, codes: Tensor) -> None:
        """Move the codes towards their vectors, restart those unused."""
        if self.gather is not None:
            z = self.gather(z)
        # A product, as a scattered sum is not deterministic on a GPU.
        chosen = F.one_hot((z @ codes.T).argmax(-1), self.num_codes).float()
        counts = chosen.sum(0)
        used = counts > 0
        moved = self.sums.lerp((chosen.T @ z).to(self.sums), 1 - self.decay)
        # Without this the sum of a rare code would fade to zero.
        self.sums.copy_(torch.where(used[:, None], moved, self.sums))
        frequency = (counts / len(z)).to(self.usage)
        self.usage.lerp_(frequency, 1 - self.decay)
        for seen in (self.idle, self.waiting):
            seen.add_(len(z)).masked_fill_(used, 0)
        dead = (self.waiting > self.limit).nonzero().flatten()
        if len(dead):
            chance = torch.Generator().manual_seed(int(self.step))
            picked = torch.randperm(len(z), generator=chance)[: len(dead)]
            restarted = dead[: len(picked)]
            self.sums[restarted] = z[picked.to(z.device)].to(self.sums)
            self.waiting[restarted] = 0
        self.step.add_(1)


def code_perplexity(usage: Tensor) -> Tensor:
    """exp of the entropy of how often each code was used.

    Args:
        usage (Tensor): Counts or frequencies (K), any dtype, not negative.

    Returns:
        Tensor: float32 scalar: 1 if one code serves all, K if all serve
        alike; 0 if none was ever used.
    """
    usage = usage.float()
    if not usage.any():
        return usage.new_zeros(())
    p = usage / usage.sum()
    return torch.special.entr(p).sum().exp()
