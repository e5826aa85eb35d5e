"""Stage 1 of the knowledge base: a visual codebook."""

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather
from torch import Tensor

from mmkbdm.models.layers import VectorQuantizer
from mmkbdm.registry import MODELS

from .mlp import mlp
from .stage import Stage


@MODELS.register_module()
class FeatureCodebook(Stage):
    """A vector-quantized autoencoder of CLIP image features.

    Codebook, CLIP features and the entropy regulariser are of KB-DMGen
    (arXiv 2507.20083); sizes, networks and the reconstruction loss are ours.

    Args:
        in_dim (int): Dimensions of an image feature.
        num_codes (int): Codes K. Defaults to 512.
        code_dim (int): Dimensions d of a code. Defaults to 256.
        hidden_dim (int): Width of encoder and decoder. Defaults to 512.
        mse_weight (float): Of the squared error beside the cosine loss; for
            a reconstruction of length 1 both say the same. Defaults to 1.
        quantizer (dict, optional): Further arguments of
            :class:`~mmkbdm.models.layers.VectorQuantizer`, such as
            ``entropy``.
        **kwargs: Of :class:`mmengine.model.BaseModel`.
    """

    def __init__(
        self,
        in_dim: int,
        num_codes: int = 512,
        code_dim: int = 256,
        hidden_dim: int = 512,
        mse_weight: float = 1.0,
        quantizer: dict | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.in_dim = in_dim
        self.mse_weight = mse_weight
        self.encoder = mlp(in_dim, hidden_dim, code_dim)
        self.quantizer = VectorQuantizer(
            num_codes, code_dim, gather=_gather, **(quantizer or {})
        )
        self.decoder = mlp(code_dim, hidden_dim, in_dim)

    @property
    def codes(self) -> Tensor:
        """The codebook (K, d), float32, codes of length 1."""
        return self.quantizer.codes

    @torch.no_grad()
    def encode(self, features: Tensor) -> Tensor:
        """Return the codes (B,) int64 of image features (B, in_dim)."""
        return self.similarity(features).argmax(-1)

    @torch.no_grad()
    def similarity(self, features: Tensor) -> Tensor:
        """Return the cosine between image features and codes (B, K)."""
        vectors = self.encoder(F.normalize(features, dim=-1))
        # Not through the quantizer, which learns while it is in training.
        return F.normalize(vectors.float(), dim=-1) @ self.codes.T

    def forward(
        self, features: Tensor, mode: str = 'tensor'
    ) -> Tensor | dict[str, Tensor] | list[dict]:
        """Quantize and reconstruct image features.

        Args:
            features (Tensor): (B, in_dim); they are normalised here.
            mode (str): See below.

        Returns:
            Tensor, dict or list: ``tensor``: reconstructions (B, in_dim).
            ``loss``: losses, and the codes' ``perplexity`` and share of
            ``dead`` ones, as scalars. ``predict``: for each image a dict
            with its ``code`` (int) and the ``cosine`` between its feature
            and the reconstruction.

        Raises:
            ValueError: On another mode.
        """
        if mode not in ('tensor', 'loss', 'predict'):
            raise ValueError(
                f"mode={mode!r} must be 'tensor', 'loss' or 'predict'"
            )
        features = F.normalize(features, dim=-1)
        result = self.quantizer(self.encoder(features))
        rebuilt = self.decoder(result.quantized)
        if mode == 'tensor':
            return rebuilt
        cosine = F.cosine_similarity(rebuilt.float(), features.float())
        if mode == 'predict':
            values = zip(result.indices.tolist(), cosine.tolist())
            return [dict(code=code, cosine=value) for code, value in values]
        # Summed over dimensions: comparable with the cosine loss.
        error = (rebuilt - features).float().square().sum(-1).mean()
        return dict(
            loss_cosine=1 - cosine.mean(),
            loss_mse=self.mse_weight * error,
            **result.losses,
            perplexity=result.perplexity,
            dead=result.dead,
        )


def _gather(vectors: Tensor) -> Tensor:
    """Vectors of all processes, in the same order everywhere."""
    return torch.cat(all_gather(vectors))
