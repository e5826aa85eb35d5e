"""The closed lists that prompts are taken apart with (ours).

English only: a word of any other language is in none of them and is taken
for a noun.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The scenarios of Human-Art (arXiv 2303.02760), as folders name them; the
# styles of ToyHuman are among them.
SCENARIOS = (
    'acrobatics',
    'cartoon',
    'cosplay',
    'dance',
    'digital_art',
    'drama',
    'garage_kits',
    'generated_image',
    'ink_painting',
    'kids_drawing',
    'movie',
    'mural',
    'oil_painting',
    'relief',
    'sculpture',
    'shadow_play',
    'sketch',
    'stained_glass',
    'ukiyoe',
    'watercolor',
)

DETERMINERS = _words(
    """
    a an the this that these those some any each every another other no
    his her its their my your our several many few both all two three four
    five six seven eight nine ten
    """
)

PREPOSITIONS = _words(
    """
    about above across after against along among around at before behind
    below beneath beside between beyond by down during for from in inside
    into near next of off on onto out outside over past through to toward
    towards under up upon with within without
    """
)

# They end a phrase where something with a verb or a subject of its own
# follows.
CONJUNCTIONS = _words(
    """
    and or but while as then who which that whose
    """
)

# What may stand in a verb phrase and names nothing.
ADVERBS = _words(
    """
    alone apart away back backwards forward forwards front here high low
    nearby not so sideways there together too upside very
    """
)

AUXILIARIES = _words(
    """
    am are be been being can has have had is was were will
    """
)

# Base forms of what people in captions do; the forms in -s, -ing and -ed
# follow by rule.
VERBS = _words(
    """
    bend bow carry chase climb crouch dance do fall fight fly hang hold
    hug jump kick kiss kneel laugh lead lean lie lift look lunge perform
    play point pose pull push raise reach read ride run sing sit sleep
    smile spin stand stretch swim take talk throw touch turn use walk
    watch wave wear write
    """
)

IRREGULAR = _words(
    """
    bent did fell flew fought held hung knelt lay led lying ran rode sang
    sat slept spun stood swam taken took threw wore worn written wrote
    seen made shown
    """
)

# Words in -ing or -ed that are names or qualities.
NOT_VERBS = _words(
    """
    bed breed building ceiling clothing drawing evening feather figurine
    king lightning morning naked nothing painting red railing reed ring
    seed shed sibling sled something speed spring string swing viking
    wedding weed wing hundred sacred
    """
)
