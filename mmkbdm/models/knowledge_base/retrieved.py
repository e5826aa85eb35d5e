"""Which codes a prompt is answered with (ours)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .knowledge_base import KnowledgeBase
from .sources import PredictedCode


@torch.no_grad()
def retrieved_codes(
    knowledge_base: KnowledgeBase,
    prompts: Sequence[str],
    encode_text: Callable[[list[str]], Tensor],
) -> list[dict[str, dict]]:
    """Tell what each part of a prompt asks for, and what it finds.

    Args:
        knowledge_base (KnowledgeBase): Asked.
        prompts (Sequence[str]): B, any strings.
        encode_text (Callable): As of :meth:`KnowledgeBase.forward`.

    Returns:
        list[dict[str, dict]]: For each prompt, by slot, ``text`` (str; None
        for a missing part, which is the learned null code) and ``codes``: of
        :class:`PredictedCode` the numbers of the codes that are averaged,
        the most probable first, with the probability among all codes as
        (int, float); empty for other sources, which ask no classifier.

    Example:
        >>> retrieved_codes(knowledge_base, ['sketch, a man'], encode)[0]
        {'type': {'text': 'sketch', 'codes': [(41, 0.62), (7, 0.11)]}, ...}
    """
    queries = [knowledge_base.parts(prompt).queries() for prompt in prompts]
    found = _found(
        knowledge_base.source,
        {text for query in queries for text in query.values() if text},
        encode_text,
    )
    return [
        {
            slot: dict(text=text, codes=found.get(text, []))
            for slot, text in query.items()
        }
        for query in queries
    ]


def _found(source, texts: set[str], encode_text) -> dict[str, list]:
    if not isinstance(source, PredictedCode) or not texts:
        return {}
    texts = sorted(texts)
    features = encode_text(texts).to(source.codebook.codes)
    shares = source.text_to_code(features).float().softmax(-1)
    best, codes = shares.topk(source.top_k)
    return {
        text: list(zip(*row))
        for text, *row in zip(texts, codes.tolist(), best.tolist())
    }
