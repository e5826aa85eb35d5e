"""A small transformer on a feature map with pose-masked attention.

Source: the PMSA of Stable-Pose (arXiv 2406.02485): 128 channels, 2x2
patches, 2 blocks, 8 heads of 40, fixed positions. The order of the layers,
their norms, the MLP and the zero start are ours.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from .masked_attention import attend, mask_channels
from .sincos_position import sincos_position_2d


class MaskedTransformerLayer(nn.Module):
    """t + attention(norm(t)), then t + MLP(norm(t)), on tokens.

    Args:
        dim (int): Channels of a token.
        num_heads (int): Heads.
        head_dim (int): Channels of a head.
        mlp_ratio (float): Hidden channels of the MLP, as a multiple of
            ``dim``.
    """

    def __init__(
        self, dim: int, num_heads: int, head_dim: int, mlp_ratio: float
    ) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.norm1 = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim)
        self.proj = nn.Linear(num_heads * head_dim, dim)
        self.norm2 = nn.LayerNorm(dim)
        hidden = int(mlp_ratio * dim)
        self.mlp = nn.Sequential(
            nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim)
        )

    def forward(self, tokens: Tensor, masks: Tensor) -> Tensor:
        """Refine tokens.

        Args:
            tokens (Tensor): (B, N, dim).
            masks (Tensor): (2, B, heads, N) of :func:`mask_channels`.

        Returns:
            Tensor: (B, N, dim).
        """
        heads = attend(self.project(tokens), masks)
        tokens = tokens + self.proj(heads.transpose(1, 2).flatten(2))
        return tokens + self.mlp(self.norm2(tokens))

    def project(self, tokens: Tensor) -> Tensor:
        """Return queries, keys and values (3, B, heads, N, head_dim)."""
        qkv = self.qkv(self.norm1(tokens)).unflatten(
            -1, (3, -1, self.head_dim)
        )
        return qkv.permute(2, 0, 3, 1, 4)


class PoseMaskedBlock(nn.Module):
    """x + W_o * unpatch(layers(patch(W_i * x) + positions)).

    W_i and W_o are 1x1 convolutions, W_o starts at zero: the block starts as
    the exact identity, and in the first step only W_o learns. A token is a
    patch of p x p pixels, all their channels side by side.

    Args:
        channels (int): Channels C of the map.
        embed_dim (int): Channels behind W_i. Defaults to 128.
        patch_size (int): Side p of a token in pixels of the map. Defaults
            to 2.
        num_blocks (int): Transformer layers. Defaults to 2.
        num_heads (int): Heads of each. Defaults to 8.
        head_dim (int): Channels of a head. Defaults to 40.
        mlp_ratio (float): See :class:`MaskedTransformerLayer`. Defaults to
            2, which makes 3.5 M parameters of C = 320 (Stable-Pose: 3.4 M).
    """

    def __init__(
        self,
        channels: int,
        embed_dim: int = 128,
        patch_size: int = 2,
        num_blocks: int = 2,
        num_heads: int = 8,
        head_dim: int = 40,
        mlp_ratio: float = 2.0,
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        dim = embed_dim * patch_size**2
        self.conv_in = nn.Conv2d(channels, embed_dim, 1)
        self.layers = nn.ModuleList(
            MaskedTransformerLayer(dim, num_heads, head_dim, mlp_ratio)
            for _ in range(num_blocks)
        )
        self.conv_out = nn.Conv2d(embed_dim, channels, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make the block the identity."""
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    def forward(
        self, x: Tensor, background: Tensor, strength: Tensor
    ) -> Tensor:
        """Refine a feature map.

        Args:
            x (Tensor): Feature map (B, C, H, W), H and W multiples of p.
            background (Tensor): Background weights (B, blocks, heads, N) of
                the N = H W / p^2 tokens, row by row; B and heads may be 1.
            strength (Tensor): Strengths (B, blocks, heads); B and heads may
                be 1.

        Returns:
            Tensor: Same shape and dtype as ``x``.
        """
        self._check(x, background, strength)
        position = self.position(*x.shape[2:], like=x)
        return self.refine(x, self.masks(background, strength), position)

    def masks(self, background: Tensor, strength: Tensor) -> Tensor:
        """Compute what does not depend on the map.

        Args:
            background, strength (Tensor): See :meth:`forward`.

        Returns:
            Tensor: (B, blocks, 2, heads, N), see :func:`mask_channels`.
        """
        head_dim = self.layers[0].head_dim
        return mask_channels(background, strength, head_dim).movedim(0, 2)

    def position(self, height: int, width: int, like: Tensor) -> Tensor:
        """Encode the positions in a map, in dtype and on device of ``like``.

        Args:
            height, width (int): Of the map, multiples of p.
            like (Tensor): Any.

        Returns:
            Tensor: (1, dim, H / p, W / p).
        """
        dim = self.conv_in.out_channels * self.patch_size**2
        size = height // self.patch_size, width // self.patch_size
        return sincos_position_2d(dim, *size, like=like)

    def refine(self, x: Tensor, masks: Tensor, position: Tensor) -> Tensor:
        """Refine a feature map with what was computed before.

        Args:
            x (Tensor): (B, C, H, W).
            masks (Tensor): Of :meth:`masks`.
            position (Tensor): Of :meth:`position`.

        Returns:
            Tensor: Same shape and dtype as ``x``.
        """
        grid = F.pixel_unshuffle(self.conv_in(x), self.patch_size)
        grid = grid + position.to(grid.dtype)
        tokens = grid.flatten(2).transpose(1, 2)
        for layer, mask in zip(self.layers, masks.unbind(1)):
            tokens = layer(tokens, mask.transpose(0, 1))
        tokens = tokens.transpose(1, 2).unflatten(2, grid.shape[2:])
        branch = self.conv_out(F.pixel_shuffle(tokens, self.patch_size))
        return x + branch.to(x.dtype)

    def _check(self, x: Tensor, background: Tensor, strength: Tensor) -> None:
        height, width = x.shape[2:]
        if height % self.patch_size or width % self.patch_size:
            raise ValueError(
                f'patch_size={self.patch_size} does not divide the map of '
                f'{height}x{width}: give one whose sides are multiples of it'
            )
        blocks = len(self.layers)
        num_tokens = height * width // self.patch_size**2
        if background.ndim != 4 or (
            (background.shape[1], background.shape[3]) != (blocks, num_tokens)
        ):
            raise ValueError(
                f'background has shape {tuple(background.shape)}, give (B, '
                f'{blocks}, heads, {num_tokens}): blocks and tokens of the '
                f'{height}x{width} map'
            )
        if strength.ndim != 3 or strength.shape[1] != blocks:
            raise ValueError(
                f'strength has shape {tuple(strength.shape)}, give (B, '
                f'{blocks}, heads)'
            )
