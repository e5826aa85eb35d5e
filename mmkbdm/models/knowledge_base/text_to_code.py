"""Stage 2 of the knowledge base: which codes belong to a text."""

import torch.nn.functional as F
from torch import Tensor

from mmkbdm.registry import MODELS

from .mlp import mlp
from .stage import Stage


@MODELS.register_module()
class TextToCode(Stage):
    """A classifier from frozen text features to the codes of stage 1.

    The classifier and its target, the code of the image that belongs to the
    text, are those of KB-DMGen (arXiv 2507.20083). The head, label smoothing
    and targets that are a mixture of codes are ours: one text, above all a
    part of a caption, fits many images.

    Args:
        in_dim (int): Dimensions of a text feature.
        num_codes (int): Codes K of the codebook. Defaults to 512.
        hidden_dim (int): Width of the head. Defaults to 1024.
        dropout (float): In the head. Defaults to 0.1.
        label_smoothing (float): Of the cross-entropy. Defaults to 0.1.
        **kwargs: Of :class:`mmengine.model.BaseModel`.
    """

    def __init__(
        self,
        in_dim: int,
        num_codes: int = 512,
        hidden_dim: int = 1024,
        dropout: float = 0.1,
        label_smoothing: float = 0.1,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.in_dim = in_dim
        self.num_codes = num_codes
        self.label_smoothing = label_smoothing
        self.head = mlp(in_dim, hidden_dim, num_codes, dropout)

    def forward(
        self,
        features: Tensor,
        target: Tensor | None = None,
        mode: str = 'tensor',
    ) -> Tensor | dict[str, Tensor] | list[dict]:
        """Classify text features.

        Args:
            features (Tensor): (..., in_dim), pooled; they are normalised
                here. (B, in_dim) for a target.
            target (Tensor, optional): Codes (B,) int64, or shares of codes
                (B, K) that sum to 1. Not needed for ``tensor``.
            mode (str): See below.

        Returns:
            Tensor, dict or list: ``tensor``: logits (..., K). ``loss``: the
            loss and accuracies as scalars. ``predict``: a dict of
            accuracies for each text.

        Raises:
            ValueError: On another mode or a target of another shape.
        """
        logits = self.head(F.normalize(features, dim=-1))
        if mode == 'tensor':
            return logits
        if mode not in ('loss', 'predict'):
            raise ValueError(
                f"mode={mode!r} must be 'tensor', 'loss' or 'predict'"
            )
        target = self._shares(target, logits)
        accuracies = {
            f'top{k}': hit_share(logits, target, k)
            for k in (1, 5)
            if k <= self.num_codes
        }
        if mode == 'predict':
            values = zip(*[each.tolist() for each in accuracies.values()])
            return [dict(zip(accuracies, each)) for each in values]
        loss = F.cross_entropy(
            logits.float(), target, label_smoothing=self.label_smoothing
        )
        means = {f'{key}_acc': x.mean() for key, x in accuracies.items()}
        return dict(loss=loss, **means)

    def _shares(self, target: Tensor | None, logits: Tensor) -> Tensor:
        """Targets of both kinds as shares of codes, float32 (B, K)."""
        if target is not None and target.shape == logits.shape[:1]:
            return F.one_hot(target.long(), self.num_codes).float()
        if target is None or target.shape != logits.shape:
            found = None if target is None else tuple(target.shape)
            raise ValueError(
                f'target of shape {found} does not fit features of '
                f'{len(logits)} texts: give codes (B,) or shares '
                f'(B, {self.num_codes})'
            )
        return target.float()


def hit_share(logits: Tensor, target: Tensor, top_k: int) -> Tensor:
    """Return the share of the target in the most probable codes, (B,).

    For a single code this is the top-k accuracy. For a mixture it is the
    probability that an image that fits the text has one of these codes, so a
    text that fits everything is not counted as an easy hit.

    Args:
        logits (Tensor): (B, K).
        target (Tensor): (B, K), rows sum to 1.
        top_k (int): Codes that count.
    """
    return target.gather(1, logits.topk(top_k).indices).sum(1)
