"""Which codes belong to a text (ours)."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from mmkbdm.models.knowledge_base.decompose import decompose


def images_of_texts(
    prompts: Sequence[str], types: Collection[str], with_parts: bool
) -> dict[str, list[int]]:
    """Find every text that a knowledge base is asked, and its images.

    A text is a prompt or, with parts, what a prompt of the known form is
    decomposed to; it fits all images whose prompt has it.

    Args:
        prompts (Sequence[str]): One of each of N images.
        types (Collection[str]): Known types, see :func:`decompose`.
        with_parts (bool): Whether parts are texts of their own.

    Returns:
        dict: Positions of images by text, in the order of the first.
    """
    images = {}
    for index, prompt in enumerate(prompts):
        parts = decompose(prompt, types)
        texts = [parts.whole]
        if with_parts:
            texts += [parts.type, parts.objects, parts.status]
        for text in dict.fromkeys(texts):
            if text is not None:
                images.setdefault(text, []).append(index)
    return images


def code_shares(
    codes: np.ndarray, images: Iterable[int], num_codes: int
) -> np.ndarray:
    """Return the shares of codes among images, float32 (K,), sum 1.

    Args:
        codes (np.ndarray): int (N,), the code of every image.
        images (Iterable[int]): Positions of those that fit the text.
        num_codes (int): Codes K.
    """
    counts = np.bincount(codes[list(images)], minlength=num_codes)
    return (counts / counts.sum()).astype(np.float32)
