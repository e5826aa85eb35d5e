"""A tokenizer of CLIP's kind for a small vocabulary."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

END_OF_WORD = '</w>'
SPECIAL = ('<|startoftext|>', '<|endoftext|>')

Pair = tuple[str, str]


def learn_merges(words: Iterable[str]) -> list[Pair]:
    """Learn byte pairs until each word is one token.

    Source: "Neural Machine Translation of Rare Words with Subword Units"
    (arXiv 1508.07909), Algorithm 1, in which each word counts once. Merges
    are applied in the order in which they were learned, so that they make
    whole words again.

    Args:
        words (Iterable[str]): In the characters of the tokenizer.

    Returns:
        list[tuple[str, str]]: The first is applied first.
    """
    pieces = [[*word[:-1], word[-1] + END_OF_WORD] for word in words]
    merges = []
    while True:
        counts = Counter(pair for one in pieces for pair in zip(one, one[1:]))
        if not counts:
            return merges
        # The pair itself decides between equals: the same on every machine.
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        pieces = [_merge(one, best) for one in pieces]


def make_tokenizer(words: Iterable[str], max_length: int):
    """Make a tokenizer that keeps these words whole.

    Any other text is spelled in smaller pieces, in the end in bytes: none is
    unknown.

    Args:
        words (Iterable[str]): ASCII letters in lower case.
        max_length (int): Tokens of a text, start and end included.

    Returns:
        CLIPTokenizer: Of transformers. Start and end are the last of its
        tokens, as the text tower of CLIP looks for the end.
    """
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    merges = learn_merges(sorted(set(words)))
    letters = sorted(ByteLevel.alphabet())
    tokens = letters + [one + END_OF_WORD for one in letters]
    # Two pairs may make the same token.
    tokens += dict.fromkeys(''.join(pair) for pair in merges)
    tokens += SPECIAL
    return CLIPTokenizer(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=merges,
        model_max_length=max_length,
    )


def write_tokenizer(
    words: Iterable[str], folder: str | Path, max_length: int
) -> int:
    """Write a tokenizer for ``from_pretrained``; returns its size."""
    tokenizer = make_tokenizer(words, max_length)
    tokenizer.save_pretrained(str(folder))
    return len(tokenizer)


def _merge(pieces: list[str], pair: Pair) -> list[str]:
    merged, i = [], 0
    while i < len(pieces):
        if tuple(pieces[i : i + 2]) == pair:
            merged.append(''.join(pair))
            i += 2
        else:
            merged.append(pieces[i])
            i += 1
    return merged
