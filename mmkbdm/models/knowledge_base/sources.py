"""What a knowledge base answers a query with: its method and controls.

A source maps text features (B, S, t) of S queries to answers (B, S, v),
``source(features, image_features=None, generator=None)``, and answers, or sums
of them, to codes: ``source.read(answers, count)``. Sources differ in nothing
else, so a config exchanges one for another.
"""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.generation.fingerprint import parameters_sha256
from mmkbdm.registry import MODELS

from .codebook import FeatureCodebook
from .read_out import check_top_k, read_out
from .text_to_code import TextToCode


def build_frozen(cfg: dict | nn.Module) -> nn.Module:
    """Build a model of an earlier stage; it gets no gradient."""
    model = MODELS.build(cfg) if isinstance(cfg, dict) else cfg
    return model.requires_grad_(False)


class CodeSource(BaseModule):
    """What the sources share: trained parts that stay as they are.

    Attributes:
        code_dim (int): Dimensions d of a code.
        text_dim (int | None): Dimensions t of the text features that it was
            made for; None where it does not look at them.
        reads_text (bool): Whether an answer depends on the text, so that
            there is none without.
        answer_dim (int): Numbers v of an answer. By default an answer is a
            code, and several together are their mean.
    """

    code_dim: int
    text_dim: int | None = None
    reads_text = True

    @property
    def answer_dim(self) -> int:
        """Numbers v of an answer."""
        return self.code_dim

    def read(self, answers: Tensor, count: Tensor | int = 1) -> Tensor:
        """Turn answers into codes.

        Args:
            answers (Tensor): (..., v), or the sum of several.
            count (Tensor or int): How many were added up, to divide by, of
                a shape that broadcasts. Defaults to 1.

        Returns:
            Tensor: (..., d).
        """
        return answers / count

    def train(self, mode: bool = True) -> 'CodeSource':
        """Keep trained parts in evaluation mode."""
        super().train(mode)
        for child in self.children():
            if isinstance(child, FeatureCodebook | TextToCode):
                child.eval()
        return self

    def describe(self) -> dict:
        """Return what a report says of it, ready for JSON."""
        parts = (
            (name, child)
            for name, child in self.named_children()
            if isinstance(child, FeatureCodebook | TextToCode)
        )
        return dict(
            type=type(self).__name__,
            code_dim=self.code_dim,
            parameters_sha256={
                name: parameters_sha256(child) for name, child in parts
            },
        )


class CodebookSource(CodeSource):
    """A source that answers with codes of a codebook.

    Args:
        codebook (dict or nn.Module): :class:`FeatureCodebook` of stage 1;
            the weights by its ``init_cfg``.
    """

    def __init__(self, codebook: dict | nn.Module) -> None:
        super().__init__()
        self.codebook = build_frozen(codebook)
        self.code_dim = self.codebook.codes.shape[1]

    def describe(self) -> dict:
        """See :meth:`CodeSource.describe`."""
        return dict(super().describe(), num_codes=len(self.codebook.codes))


@MODELS.register_module()
class PredictedCode(CodebookSource):
    """The codes that stage 2 finds for a text: KB-DMGen's own source.

    An answer is the logarithm of the probabilities of all K codes, so that
    the sum of several is a product of experts (ours): the codes that all
    parts of a prompt agree on. The mean of their codes lies between the
    codes instead, and is none of them.

    Args:
        codebook (dict or nn.Module): As in :class:`CodebookSource`.
        text_to_code (dict or nn.Module): :class:`TextToCode` of stage 2.
        top_k (int): Codes of the product that are averaged, see
            :func:`read_out`; ours. With 1, the arg-max, nothing of the
            composition gets a gradient. Defaults to 5.

    Raises:
        ValueError: When both stages have another number of codes, or
            ``top_k`` is not in 1..K.
    """

    def __init__(
        self,
        codebook: dict | nn.Module,
        text_to_code: dict | nn.Module,
        top_k: int = 5,
    ) -> None:
        super().__init__(codebook)
        self.text_to_code = build_frozen(text_to_code)
        self.text_dim = self.text_to_code.in_dim
        self.top_k = top_k
        num_codes = self.text_to_code.num_codes
        if num_codes != len(self.codebook.codes):
            raise ValueError(
                f'text_to_code has num_codes={num_codes}, the codebook '
                f'{len(self.codebook.codes)}: give both the same'
            )
        check_top_k(top_k, num_codes)

    def forward(
        self, features: Tensor, image_features=None, generator=None
    ) -> Tensor:
        """Classify the texts."""
        # The sum of several is too coarse in half precision.
        return self.text_to_code(features).float().log_softmax(-1)

    @property
    def answer_dim(self) -> int:
        """The number of codes K."""
        return len(self.codebook.codes)

    def read(self, answers: Tensor, count: Tensor | int = 1) -> Tensor:
        """Average the most probable codes; a product needs no count."""
        return read_out(answers, self.codebook.codes, self.top_k)

    def describe(self) -> dict:
        """See :meth:`CodeSource.describe`."""
        return dict(super().describe(), top_k=self.top_k)


@MODELS.register_module()
class RandomCode(CodebookSource):
    """Control (ours): any code, drawn anew for every prompt.

    A code fixed for each text would still tell texts apart.
    """

    reads_text = False

    def forward(
        self, features: Tensor, image_features=None, generator=None
    ) -> Tensor:
        """Draw codes; ``generator`` is one for all or a list of B."""
        codes = self.codebook.codes
        each = generator if isinstance(generator, list) else [generator]
        rows = len(features) // len(each)
        # On the CPU, where a seed gives the same draw with every device.
        drawn = [
            torch.randint(len(codes), (rows, 1), generator=one) for one in each
        ]
        drawn = torch.cat(drawn).expand(-1, features.shape[1])
        return codes[drawn.to(codes.device)]


@MODELS.register_module()
class OracleCode(CodebookSource):
    """Control (ours): the code of the true image, for every query."""

    reads_text = False

    def forward(
        self, features: Tensor, image_features=None, generator=None
    ) -> Tensor:
        """Look up the codes of ``image_features`` (B, in_dim).

        Raises:
            PreflightError: Without image features, or of another size.
        """
        if image_features is None:
            raise PreflightError(
                'OracleCode needs image_features of the true images: give '
                'them, or take source=dict(type="mmkbdm.PredictedCode")'
            )
        if image_features.shape[-1] != self.codebook.in_dim:
            raise PreflightError(
                f'image_features have {image_features.shape[-1]} dimensions, '
                f'the codebook in_dim={self.codebook.in_dim}: take the '
                'encoder that stage 1 was trained with'
            )
        codes = self.codebook.codes[self.codebook.encode(image_features)]
        return codes.unsqueeze(1).expand(-1, features.shape[1], -1)


@MODELS.register_module()
class RawText(CodeSource):
    """Control (ours): the text feature itself, without any codebook.

    Args:
        in_dim (int): Dimensions of a text feature.
        code_dim (int): Dimensions d of the answer, by a learned linear map.
            Defaults to 256.
    """

    def __init__(self, in_dim: int, code_dim: int = 256) -> None:
        super().__init__()
        self.code_dim, self.text_dim = code_dim, in_dim
        self.projection = nn.Linear(in_dim, code_dim)

    def forward(
        self, features: Tensor, image_features=None, generator=None
    ) -> Tensor:
        """Map normalised text features."""
        return self.projection(nn.functional.normalize(features, dim=-1))
