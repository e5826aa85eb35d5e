"""What is left of a prompt's code when it is taken apart (ours)."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmkbdm.models.knowledge_base import TOGETHER, KnowledgeBase
from mmkbdm.models.knowledge_base.knowledge_base import SLOTS

PARTS = SLOTS[:3]
# Beside the parts alone and together: the code nearest to the mean of theirs.
MEAN = 'mean'
ASKED = (*PARTS, MEAN, TOGETHER)


@torch.no_grad()
def composed_accuracy(
    knowledge_base: KnowledgeBase,
    prompts: Sequence[str],
    encode_text: Callable[[list[str]], Tensor],
    codes: np.ndarray,
    ks: Sequence[int] = (1, 5),
) -> dict[str, float]:
    """Tell how often the code of an image is found by parts of its prompt.

    Args:
        knowledge_base (KnowledgeBase): With a :class:`PredictedCode`.
        prompts (Sequence[str]): N, of known types.
        encode_text (Callable): As of :meth:`KnowledgeBase.ask`.
        codes (np.ndarray): int (N,), those of the images of the prompts.
        ks (Sequence[int]): How many of the most probable codes count.

    Returns:
        dict[str, float]: For each of ``ASKED`` and k, ``name/topk``: the
        share of the prompts, those that have the part, whose k most probable
        codes hold the right one. A part that no prompt has is left out.
    """
    answers = knowledge_base.ask(prompts, encode_text)
    source = knowledge_base.source
    given = answers.given.unsqueeze(-1)
    each = source.read(answers.parts) * given
    near = F.normalize(source.codebook.codes, dim=-1)
    scores = {slot: answers.parts[:, i] for i, slot in enumerate(PARTS)}
    scores[MEAN] = (each.sum(1) / given.sum(1)) @ near.T
    scores[TOGETHER] = answers.pooled
    counted = {slot: answers.given[:, i] for i, slot in enumerate(PARTS)}
    right = torch.as_tensor(codes).unsqueeze(1)
    shares = {}
    for name, score in scores.items():
        order = score.argsort(dim=1, descending=True, stable=True)
        hits = (order == right).float().cumsum(1)
        hits = hits[counted.get(name, answers.given.any(1))]
        for k in ks if len(hits) else ():
            shares[f'{name}/top{k}'] = float(hits[:, k - 1].mean())
    return shares
