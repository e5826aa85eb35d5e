"""Which codes a prompt is answered with (ours)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .knowledge_base import SLOTS, KnowledgeBase
from .sources import CodeSource, PredictedCode

# Beside the slots: what they say together.
TOGETHER = 'together'


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
        for a missing part, which has the learned null answer), ``weight``
        (float), how much the part counts, 1 on average, and ``codes``; where
        there are several slots, the whole prompt and the codes that they
        agree on, as ``together``. Codes are, of :class:`PredictedCode`, the
        numbers of those that are averaged, the most probable first, with the
        probability among all codes as (int, float); empty for other sources,
        which ask no classifier.

    Example:
        >>> retrieved_codes(knowledge_base, ['sketch, a man'], encode)[0]
        {'type': {'text': 'sketch', 'weight': 1.0,
                  'codes': [(41, 0.62), (7, 0.11)]}, ...,
         'together': {'text': 'sketch, a man', 'weight': 3.0, 'codes': ...}}
    """
    answers = knowledge_base.ask(prompts, encode_text)
    source = knowledge_base.source
    parts = _best(source, answers.parts)
    together = _best(source, answers.pooled)
    told = []
    for row, prompt in enumerate(prompts):
        queries = knowledge_base.parts(prompt).queries()
        weights = dict(zip(SLOTS, answers.weights[row].tolist()))
        codes = dict(zip(SLOTS, parts[row]))
        found = {
            slot: dict(
                text=text,
                weight=weights[slot],
                codes=[] if text is None else codes[slot],
            )
            for slot, text in queries.items()
        }
        if len(found) > 1:
            found[TOGETHER] = dict(
                text=prompt,
                weight=sum(weights.values()),
                codes=together[row],
            )
        told.append(found)
    return told


def _best(source: CodeSource, answers: Tensor) -> list:
    """Lists of (code, probability) in place of the last dimension."""
    if not isinstance(source, PredictedCode):
        return answers.new_zeros(*answers.shape[:-1], 0).tolist()
    shares, codes = answers.float().softmax(-1).topk(source.top_k)
    return _pairs(codes.tolist(), shares.tolist())


def _pairs(codes: list, shares: list) -> list:
    if codes and isinstance(codes[0], list):
        return [_pairs(*row) for row in zip(codes, shares)]
    return list(zip(codes, shares))
