"""What the scores are called, mean and are measured in (ours)."""

from typing import NamedTuple


class Score(NamedTuple):
    """How a score is shown.

    Args:
        label (str): Name for a reader.
        unit (str): What the number counts, or its range.
        higher_is_better (bool): Otherwise a lower one is.
        digits (int): After the point.
    """

    label: str
    unit: str
    higher_is_better: bool
    digits: int


# A name is explained by the longest of these that it begins with.
SCORES = {
    'AP': Score('AP', '0 to 1', True, 3),
    'AR': Score('AR', '0 to 1', True, 3),
    'CAP': Score('CAP', '0 to 1', True, 3),
    'CAR': Score('CAR', '0 to 1', True, 3),
    'OKS': Score('mean OKS', '0 to 1', True, 3),
    'PCE': Score('PCE', 'people an image', False, 3),
    'FID': Score('FID', 'from 0', False, 2),
    'KID': Score('KID', 'not times 100', False, 4),
    'CLIP_score': Score('CLIP score', '0 to 100', True, 2),
    'CLIP_score_without_scenario': Score(
        'CLIP score, no scenario', '0 to 100', True, 2
    ),
}

HEADLINE = ('AP', 'AP50', 'AP75', 'AR', 'CAP', 'PCE')

MEANINGS = {
    'AP': 'Are the people where they were asked for, joint by joint? '
    "COCO's average precision over object keypoint similarity (OKS, 1 for "
    'joints that are exact) from .50 to .95. AP50 and AP75 ask for an OKS '
    'of .50 and .75 alone.',
    'AR': 'The share of the people asked for that is found, mean over the '
    'same limits of OKS.',
    'CAP': 'The same as AP for the shape of the pose alone, wherever and '
    'however large it is. It hardly discriminates: joints off by 12 % of '
    'the height still reach .99, noise as large as the body .6. Read it '
    'between floor and ceiling, never alone.',
    'PCE': 'People count error: by how many people an image is off, on '
    'average. Those found with a score above 0.3 count.',
    'FID': 'Distance between the generated and the real images as the '
    'features of a network see them. It depends on the number of images '
    'and on the network; KID hardly depends on the number. Published '
    'tables have KID times 100.',
    'CLIP_score': 'How well picture and prompt agree: 100 times the cosine '
    "of CLIP's embeddings, mean over the images.",
}


def score_of(name: str) -> Score:
    """Return how a score is shown, by the name the metrics give it.

    Example:
        >>> score_of('AP75').label, score_of('PCE_2to3').unit
        ('AP75', 'people an image')
    """
    known = [key for key in SCORES if name.startswith(key)]
    if not known:
        return Score(name.replace('_', ' '), '', True, 3)
    key = max(known, key=len)
    score = SCORES[key]
    rest = name[len(key) :].replace('_', ' ')
    return score._replace(label=score.label + rest)


def headline_names(metrics: dict[str, float]) -> list[str]:
    """Return the names of the scores that are shown first."""
    names = list(HEADLINE)
    for kind in ('FID', 'KID'):
        names += pooled_names(list(metrics), kind)[0]
    return names + [name for name in metrics if name.startswith('CLIP_score')]


def pooled_names(names: list[str], kind: str) -> tuple[list, list]:
    """Split names like ``FID_...`` into those of the set and its scenarios.

    A distance of a scenario has the name of the pooled one, which is the
    shortest, and the scenario behind it.

    Args:
        names (list[str]): Of scores.
        kind (str): ``FID`` or ``KID``.
    """
    all_names = [name for name in names if name.startswith(f'{kind}_')]
    plain = [one for one in all_names if not one.startswith(f'{kind}_std_')]
    pooled = [
        one
        for one in plain
        if not any(
            one.startswith(f'{other}_') for other in plain if other != one
        )
    ]
    return pooled, [one for one in plain if one not in pooled]


def shown(value: float | None, name: str) -> str | None:
    """Return the digits of a score; None for a score of nobody."""
    if value is None or value != value:
        return None
    return f'{value:.{score_of(name).digits}f}'


def why_none(name: str) -> str:
    """Say why a score is of nobody."""
    if name.startswith('PCE'):
        return 'no such image'
    if name.startswith(('AP', 'AR', 'CAP', 'CAR', 'OKS')):
        return 'nobody to be found'
    return 'too few images'
