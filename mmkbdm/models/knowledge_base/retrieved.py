"""Which codes a prompt is answered with (ours)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .knowledge_base import SLOTS, KnowledgeBase
from .sources import PredictedCode

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
        encode_text (Callable): As of :meth:`KnowledgeBase.ask`.

    Returns:
        list[dict[str, dict]]: For each prompt, by slot, ``text`` (str; None
        for a missing part, which has the learned null answer) and ``codes``.
        Of :class:`PredictedCode` these are the numbers of the most probable
        codes with the probability among all, as (int, float), ``weight``
        (float) is how much the part counts, 1 on average, and where there
        are several slots, the codes that are averaged for the whole prompt
        are told as ``together``. Other sources ask no classifier: no codes.

    Example:
        >>> retrieved_codes(knowledge_base, ['sketch, a man'], encode)[0]
        {'type': {'text': 'sketch', 'codes': [(41, 0.62), (7, 0.11)],
                  'weight': 1.0}, ..., 'together': {...}}
    """
    told = [
        {
            slot: dict(text=text, codes=[])
            for slot, text in knowledge_base.parts(prompt).queries().items()
        }
        for prompt in prompts
    ]
    source = knowledge_base.source
    if not isinstance(source, PredictedCode):
        return told
    answers = knowledge_base.ask(prompts, encode_text)
    for row, (prompt, parts) in enumerate(zip(prompts, told)):
        for slot, part in parts.items():
            place = SLOTS.index(slot)
            part['weight'] = answers.weights[row, place].item()
            if part['text'] is not None:
                best = _best(answers.parts[row, place], source.top_k)
                part['codes'] = best
        if len(parts) > 1:
            best = _best(answers.pooled[row], source.top_k)
            parts[TOGETHER] = dict(text=prompt, codes=best)
    return told


def _best(votes: Tensor, count: int) -> list[tuple[int, float]]:
    """The most probable codes of votes (K,), which are logarithms."""
    shares, codes = votes.softmax(-1).topk(count)
    return list(zip(codes.tolist(), shares.tolist()))
