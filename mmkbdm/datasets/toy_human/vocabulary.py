"""The words of ToyHuman's captions (ours)."""

import re

from .body import SHIRT_COLOURS
from .poses import ARCHETYPES
from .props import SIZES
from .styles import STYLES

COLOURS = tuple(SHIRT_COLOURS)
OBJECTS = tuple(SIZES)
# What captions.py writes between the parts.
_FRAME = (
    'a person in, two people, three people, four people, one in and one in, '
    'with a nearby, behind a, in front of a, next to a'
)


def caption_words() -> list[str]:
    """Return all words of which captions are made, sorted, in lower case."""
    phrases = [one.phrase for one in ARCHETYPES.values()]
    text = ' '.join([_FRAME, *phrases, *COLOURS, *OBJECTS, *STYLES])
    return sorted(set(re.findall('[a-z]+', text)))
