"""Which score of a generator is better (ours)."""

import math
import re

_LESS = ('PCE', 'FID', 'KID')
_GREATER = ('AP', 'AR', 'CAP', 'CAR', 'CLIP')


def infer_rule(metric: str) -> str:
    """Return ``greater`` or ``less``, whichever is better for a metric.

    Args:
        metric (str): Such as ``pose/AP`` or ``image/FID_CLIPFeatures``.

    Raises:
        ValueError: Nothing is known of it.
    """
    match = re.match(r'(?:pose|image)/([A-Z]+)', metric)
    name = match.group(1) if match else ''
    if name in _LESS:
        return 'less'
    if name in _GREATER:
        return 'greater'
    raise ValueError(
        f'save_best={metric!r} must be pose/ and a score of poses, such as '
        'pose/AP, or image/ and one of images, such as image/FID_NAME; for '
        "another one set rule='greater' or 'less'"
    )


def is_better(score: float, best: float | None, rule: str) -> bool:
    """Tell whether a score replaces the best one so far; NaN never does."""
    if not math.isfinite(score):
        return False
    if best is None:
        return True
    return score > best if rule == 'greater' else score < best
