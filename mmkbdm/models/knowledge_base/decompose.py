"""A prompt taken apart into type, objects and status.

Source: the decomposition of KB-DMGen (arXiv 2507.20083), of which only the
three parts are known. The parser is ours: rules over short word lists,
without a model and without chance.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .words import (
    ADVERBS,
    AUXILIARIES,
    CONJUNCTIONS,
    DETERMINERS,
    IRREGULAR,
    NOT_VERBS,
    PREPOSITIONS,
    SCENARIOS,
    VERBS,
)

_SPACES = re.compile(r'[\s_]+')
_CLAUSES = re.compile(r'[,.;:!?()\[\]{}"|/]+')


@dataclass(frozen=True)
class PromptParts:
    """The parts of a prompt; one that is missing is None.

    Attributes:
        type (str, optional): The scenario, with spaces: ``'digital art'``.
        objects (str, optional): Noun phrases, joined by commas.
        status (str, optional): Verb phrases, joined by commas.
        whole (str, optional): The prompt with single spaces; None where it
            is empty.
    """

    type: str | None = None
    objects: str | None = None
    status: str | None = None
    whole: str | None = None

    def queries(self) -> dict[str, str | None]:
        """Return what to ask a knowledge base, by slot.

        With a type these are the three parts; without one the prompt is not
        of the known form and is a single query.
        """
        if self.type is None:
            return dict(whole=self.whole)
        return dict(type=self.type, objects=self.objects, status=self.status)


def decompose(prompt: str, types: Collection[str] = SCENARIOS) -> PromptParts:
    """Take a prompt apart.

    The text before the first comma is the type if it is one of ``types``;
    otherwise no part is looked for. No string is an error.

    Args:
        prompt (str): Such as ``'digital_art, a girl in a white dress
            standing under a tree'``.
        types (Collection[str]): Known types; case does not matter, and
            underscores count as spaces. Defaults to Human-Art's scenarios.

    Returns:
        PromptParts: Here ``'digital art'``, ``'a girl in a white dress, a
        tree'`` and ``'standing under a tree'``.
    """
    whole = ' '.join(prompt.split()) or None
    head, comma, rest = prompt.partition(',')
    kind = _plain(head)
    if not comma or kind not in {_plain(known) for known in types}:
        return PromptParts(whole=whole)
    objects, status = [], []
    for clause in _CLAUSES.split(rest):
        parse = _Clause()
        for phrase in parse.read(clause.split()):
            (status if phrase.is_verb else objects).append(phrase.text)
    return PromptParts(kind, _join(objects), _join(status), whole)


@dataclass(frozen=True)
class _Phrase:
    text: str
    is_verb: bool


class _Clause:
    """Reads one clause from left to right.

    A clause begins with a noun phrase, which keeps its prepositions ("a
    girl in a white dress"). The first verb ends it; the verb phrase lasts
    to the end of the clause or to a conjunction with a new subject, and the
    nouns that follow a determiner or a preposition in it are objects too.
    """

    def __init__(self) -> None:
        self.nouns = []
        self.verbs = []

    def read(self, words: list[str]) -> Iterator[_Phrase]:
        keys = [word.casefold() for word in words] + ['']
        for index, word in enumerate(words):
            key = keys[index]
            if key in CONJUNCTIONS and self._ends(keys[index + 1]):
                yield from self._end()
            elif self._is_verb(key):
                yield from self._end_nouns()
                self.verbs.append(word)
            elif self.verbs:
                if not _is_name(key) or key in DETERMINERS:
                    yield from self._end_nouns()
                self.verbs.append(word)
                if _is_name(key):
                    self.nouns.append(word)
            else:
                self.nouns.append(word)
        yield from self._end()

    def _ends(self, following: str) -> bool:
        """Whether a conjunction before this word begins something new.

        "black and white" does not.
        """
        return (
            following in DETERMINERS
            or following in ('', 'one', 'is', 'are')
            or _looks_like_verb(following)
        )

    def _is_verb(self, key: str) -> bool:
        if key in AUXILIARIES:
            return True
        # "a dancing girl", "the walk"
        last = self.nouns[-1].casefold() if self.nouns else ''
        if last in DETERMINERS or key in NOT_VERBS:
            return False
        if key in VERBS or _third_person(key):
            # A bare noun such as "dance" or "play" begins a clause, and
            # follows a preposition.
            return bool(last) and last not in PREPOSITIONS
        return _looks_like_verb(key)

    def _end_nouns(self) -> Iterator[_Phrase]:
        """Close the noun phrase, without what is left over at its ends."""
        nouns = self.nouns
        while nouns and not _is_name(nouns[-1].casefold()):
            nouns.pop()
        while nouns and nouns[-1].casefold() in DETERMINERS:
            nouns.pop()
        while nouns and not _is_name(nouns[0].casefold()):
            nouns.pop(0)
        if any(any(map(str.isalnum, word)) for word in nouns):
            yield _Phrase(' '.join(nouns), False)
        self.nouns = []

    def _end(self) -> Iterator[_Phrase]:
        yield from self._end_nouns()
        # "is" alone says nothing.
        if any(verb.casefold() not in AUXILIARIES for verb in self.verbs):
            yield _Phrase(' '.join(self.verbs), True)
        self.verbs = []


def _is_name(key: str) -> bool:
    """Whether a word may stand in a noun phrase without prepositions."""
    closed = (PREPOSITIONS, ADVERBS, CONJUNCTIONS, AUXILIARIES)
    return not any(key in words for words in closed)


def _looks_like_verb(key: str) -> bool:
    if key in NOT_VERBS:
        return False
    if key in IRREGULAR:
        return True
    return len(key) > 4 and key.endswith(('ing', 'ed'))


def _third_person(key: str) -> bool:
    for ending, base in (('ies', 'y'), ('es', ''), ('s', '')):
        if key.endswith(ending) and key[: -len(ending)] + base in VERBS:
            return True
    return False


def _plain(text: str) -> str:
    """A type as it is compared and asked for: 'Digital_art' is the same."""
    return _SPACES.sub(' ', text).strip().casefold()


def _join(phrases: list[str]) -> str | None:
    """Join phrases, each said once."""
    return ', '.join(dict.fromkeys(phrases)) or None
