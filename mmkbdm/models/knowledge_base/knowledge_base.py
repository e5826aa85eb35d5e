"""The knowledge base as a generator asks it."""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmkbdm.registry import MODELS

from .decompose import PromptParts, decompose
from .part_pooling import PartPooling
from .words import SCENARIOS

SLOTS = ('type', 'objects', 'status', 'whole')


class Answers(NamedTuple):
    """What a source answers to prompts, by part and together.

    Attributes:
        parts (Tensor): float32 (B, 4, v), in the order of ``SLOTS``; the
            learned null answer of a part that is missing.
        given (Tensor): (B, 4) bool, the parts that the source answers; none
            of an empty prompt.
        weights (Tensor): (B, 4), how much the parts count; zero for those
            that are not asked, 1 for one that is average.
        pooled (Tensor): float32 (B, v), their weighted sum.
        code (Tensor): (B, d), the code that it stands for.
    """

    parts: Tensor
    given: Tensor
    weights: Tensor
    pooled: Tensor
    code: Tensor


@MODELS.register_module()
class KnowledgeBase(BaseModule):
    """Prompts to one code each, of the knowledge base of KB-DMGen.

    A prompt is decomposed (:func:`decompose`), each part asks the source
    for an answer, and the answers are composed: decomposing, asking and
    composing are of KB-DMGen (arXiv 2507.20083). How, is ours: a missing
    part has a learned null answer, :class:`PartPooling` composes, and a
    prompt without a type is a single query.

    An empty prompt has no code, and in training a share of the others has
    none either. No code is a row of zeros, with which
    :class:`~mmkbdm.models.layers.GatedFiLM` does nothing: a knowledge base
    that is switched off afterwards is what training has seen.

    Args:
        source (dict or nn.Module): What answers a query:
            :class:`PredictedCode`, or one of the controls.
        decompose (bool): Whether prompts are taken apart. Defaults to True.
        types (Collection[str]): Known types of prompts. Defaults to
            Human-Art's scenarios.
        drop_prob (float): Share of prompts that have no code in training.
            Defaults to 0.1.
        init_cfg (dict, optional): Of MMEngine. Defaults to None.

    Attributes:
        code_dim (int): Dimensions d of the code.
        text_dim (int | None): Dimensions of the text features that the
            source takes; None for any.
        settings (dict): The arguments, for whoever saves it.
        null_answer (nn.Parameter): (v,), that of a missing part; starts at
            zero.

    Example:
        >>> knowledge = MODELS.build(dict(
        ...     type='mmkbdm.KnowledgeBase',
        ...     source=dict(type='mmkbdm.RawText', in_dim=8, code_dim=4)))
        >>> knowledge(['sketch, a man running'], lambda t: torch.rand(len(t),
        ...           8)).shape
        torch.Size([1, 4])
    """

    def __init__(
        self,
        source: dict | nn.Module,
        decompose: bool = True,
        types: Collection[str] = SCENARIOS,
        drop_prob: float = 0.1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not 0 <= drop_prob <= 1:
            raise ValueError(f'drop_prob={drop_prob} must be in 0..1')
        self.settings = dict(
            source=source,
            decompose=decompose,
            types=tuple(types),
            drop_prob=drop_prob,
        )
        if isinstance(source, dict):
            source = MODELS.build(source)
        self.source = source
        self.code_dim = source.code_dim
        self.text_dim = source.text_dim
        self.decompose = decompose
        self.types = tuple(types)
        self.drop_prob = drop_prob
        self.null_answer = nn.Parameter(torch.zeros(source.answer_dim))
        self.pooling = PartPooling(self.code_dim, len(SLOTS))

    def parts(self, prompt: str) -> PromptParts:
        """Take a prompt apart, as far as the settings say."""
        return _decompose(prompt, self.types if self.decompose else ())

    def describe(self) -> dict:
        """Return what a report says of it, ready for JSON."""
        return dict(
            source=self.source.describe(),
            decompose=self.decompose,
            types=len(self.types),
            drop_prob=self.drop_prob,
        )

    def forward(self, *args, **kwargs) -> Tensor:
        """Answer prompts. A code does not depend on the time step.

        The arguments are those of :meth:`ask`.

        Returns:
            Tensor: (B, d) in the dtype and on the device of
            ``null_answer``; zeros where there is no code.
        """
        answers = self.ask(*args, **kwargs)
        known = answers.given.any(1)
        if self.training:
            known = known & self._kept(len(known))
        return answers.code * known.unsqueeze(-1)

    def ask(
        self,
        prompts: Sequence[str],
        encode_text: Callable[[list[str]], Tensor],
        image_features: Tensor | None = None,
        generator: torch.Generator | list[torch.Generator] | None = None,
        text_features: Tensor | None = None,
    ) -> Answers:
        """Ask the source, and compose what it answers.

        Args:
            prompts (Sequence[str]): B prompts, any strings.
            encode_text (Callable): Takes list[str] and answers pooled text
                features (n, t), those that stage 2 was trained on.
            image_features (Tensor, optional): (B, in_dim) of the true
                images, for :class:`OracleCode`.
            generator (torch.Generator or list, optional): On the CPU, one
                or B, for :class:`RandomCode`.
            text_features (Tensor, optional): (B, 4, t), what ``encode_text``
                answers to type, objects, status and the whole of each
                prompt, in place of asking it; whatever it is where a prompt
                lacks one. Defaults to None.

        Returns:
            Answers: Those of empty prompts, too, and none is dropped.
        """
        queries = [self.parts(prompt).queries() for prompt in prompts]
        # A slot counts where it is asked; without a text by the null answer.
        asked = self._table([[s in query for s in SLOTS] for query in queries])
        texts = [[query.get(s) for s in SLOTS] for query in queries]
        given = self._table([[t is not None for t in row] for row in texts])
        features = text_features
        if features is None:
            features = self._encode(texts, given, encode_text)
        parts = self.source(features, image_features, generator).float()
        if not self.source.reads_text:
            given = asked & given.any(1, keepdim=True)
        there = given.unsqueeze(-1)
        parts = torch.where(there, parts, self.null_answer.float())
        # Of a part that is missing only the slot speaks.
        codes = torch.where(there, self.source.read(parts), 0)
        pooled, weights = self.pooling(
            codes.to(self.null_answer), parts, asked
        )
        code = self.source.read(pooled, asked.sum(1, keepdim=True))
        code = code.to(self.null_answer)
        return Answers(parts, given, weights, pooled, code)

    def _encode(self, texts, given: Tensor, encode_text) -> Tensor:
        """Encode each text once; (B, S, t), zero where there is none."""
        unique = {text: None for row in texts for text in row}
        unique.pop(None, None)
        # Without a text, too, for the size of a feature.
        encoded = encode_text(list(unique) or ['']).to(self.null_answer)
        index = {text: i for i, text in enumerate(unique)}
        rows = [index[t] for row in texts for t in row if t is not None]
        rows = torch.tensor(rows, dtype=torch.long, device=given.device)
        features = encoded.new_zeros(*given.shape, encoded.shape[-1])
        features[given] = encoded[rows]
        return features

    def _kept(self, size: int) -> Tensor:
        # PyTorch's chance on the CPU, as that of dropped prompts.
        kept = torch.rand(size) >= self.drop_prob
        return kept.to(self.null_answer.device)

    def _table(self, rows: list[list[bool]]) -> Tensor:
        table = torch.tensor(rows, dtype=torch.bool)
        table = table.reshape(len(rows), len(SLOTS))
        return table.to(self.null_answer.device)


@lru_cache(maxsize=2**16)
def _decompose(prompt: str, types: tuple[str, ...]) -> PromptParts:
    """Parse a prompt that training meets again and again once."""
    return decompose(prompt, types)
