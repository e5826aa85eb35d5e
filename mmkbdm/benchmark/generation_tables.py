"""Tables of the toy generation experiment (ours)."""

import math
import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from .generation_arms import ARMS, ASKED_NAMES, CODEBOOK_NAMES, QUESTIONS
from .report import interval
from .statistics import half_width, paired

# Score: digits after the point.
SCORES = {
    'AP': 3,
    'AP50': 3,
    'CAP': 3,
    'PCE': 3,
    'FID': 2,
    'KID': 3,
    'CLIP': 2,
}
# Fewer seeds give no interval worth the name.
LEAST_SEEDS = 3


def by_arm(
    results: Sequence[dict], part: str = 'testing'
) -> dict[str, dict[int, dict]]:
    """Arrange results of variants as {arm: {seed: scores}}.

    Args:
        results (Sequence[dict]): Of one study.
        part (str): Of :func:`~mmkbdm.benchmark.guidance.score_chosen`.
    """
    table: dict[str, dict[int, dict]] = {}
    for result in results:
        if 'sweep' in result and part in result:
            seeds = table.setdefault(result['config'], {})
            seeds[result['seed']] = result[part]
    return {arm: table[arm] for arm in ARMS if arm in table}


def variants_table(results: Sequence[dict]) -> str:
    """Markdown table of all arms at their chosen guidance."""
    table = by_arm(results)
    chosen: dict[str, list] = {}
    sizes = {}
    for result in results:
        if 'sweep' in result:
            chosen.setdefault(result['config'], []).append(result['chosen'])
            sizes[result['config']] = result['parameters']
    head = ['arm', 'what', 'trained', 'guidance', *SCORES, 'AP of every seed']
    rows = _reference_rows(results)
    for arm, seeds in table.items():
        scales = sorted(set(chosen[arm]))
        size = f'{sizes[arm] / 1e6:.2f} M' if sizes[arm] else ''
        cells = [f'`{arm}`', ARMS[arm][1], size]
        cells.append(', '.join(f'{scale:g}' for scale in scales))
        cells += [
            mean(_values(seeds, score).values(), digits)
            for score, digits in SCORES.items()
        ]
        every = [f'{seeds[seed]["AP"]:.3f}' for seed in sorted(seeds)]
        rows.append([*cells, ' '.join(every)])
    return markdown(head, rows)


def differences_table(results: Sequence[dict]) -> str:
    """Markdown table of paired differences, one row a question."""
    table = by_arm(results)
    head = ['question', 'difference of', 'seeds', *SCORES]
    rows = []
    for question, (arm, reference) in QUESTIONS.items():
        if {arm, reference} <= set(table):
            pairs = [
                paired(
                    _values(table[arm], score),
                    _values(table[reference], score),
                )
                for score in SCORES
                if set(table[arm]) & set(table[reference])
            ]
            if pairs:
                named = f'`{arm}` - `{reference}`'
                cells = [question, named, str(pairs[0].count)]
                rows.append([*cells, *map(interval, pairs)])
    return markdown(head, rows)


def guidance_table(results: Sequence[dict], score: str = 'AP') -> str:
    """Markdown table of a score at every guidance, on the tuning poses."""
    digits = SCORES[score]
    scales = sorted(
        {s for r in results for s in r.get('sweep', ())}, key=float
    )
    head = [f'{score} at guidance', *scales]
    rows = []
    for arm in by_arm(results):
        own = [r for r in results if r['config'] == arm and 'sweep' in r]
        cells = []
        for scale in scales:
            values = [
                r['sweep'][scale][score] for r in own if scale in r['sweep']
            ]
            cells.append(mean(values, digits))
        rows.append([f'`{arm}`', *cells])
    return markdown(head, rows)


def other_poses_table(results: Sequence[dict]) -> str:
    """Markdown table of what is left of AP with other images' poses."""
    own, other = by_arm(results), by_arm(results, 'other_poses')
    head = ['arm', 'AP', "AP, made for other images' poses"]
    rows = [
        [f'`{arm}`']
        + [mean(_values(t[arm], 'AP').values(), 3) for t in (own, other)]
        for arm in other
    ]
    return markdown(head, rows)


def knowledge_off_table(results: Sequence[dict]) -> str:
    """Markdown table of what changes when the knowledge base is off."""
    on, off = by_arm(results), by_arm(results, 'kb_off')
    head = ['arm, on - off', 'seeds', *SCORES]
    rows = []
    for arm in off:
        pairs = [
            paired(_values(on[arm], score), _values(off[arm], score))
            for score in SCORES
        ]
        rows.append([f'`{arm}`', str(pairs[0].count), *map(interval, pairs)])
    return markdown(head, rows)


def knowledge_table(results: Sequence[dict]) -> str:
    """Markdown tables of both stages of the knowledge base."""
    names = {'perplexity': 1, 'dead': 3, 'cosine': 3}
    rows = []
    for codebook, what in CODEBOOK_NAMES.items():
        own = [r for r in results if r['config'] == codebook]
        if own:
            cells = [
                mean([r[f'codebook/{name}'] for r in own], digits)
                for name, digits in names.items()
            ]
            rows.append([what, str(len(own)), str(own[0]['codes']), *cells])
    head = ['codebook', 'seeds', 'K', *names]
    parts = [markdown(head, rows)] if rows else []
    own = [r for r in results if r['config'] == 'kb_stage2']
    if own:
        rows = []
        for k in (1, 5):
            values = [r[f'code/top{k}'] for r in own]
            chance = k / own[0]['codes']
            frequent = [r[f'frequent/top{k}'] for r in own]
            rows.append(
                [
                    f'top {k}',
                    mean(values, 3),
                    f'{chance:.3f}',
                    f'{statistics.mean(values) / chance:.1f}x',
                    mean(frequent, 3),
                ]
            )
        head = ['text to code', 'accuracy', 'chance', 'of chance']
        head += ['the most frequent codes']
        parts.append(markdown(head, rows))
        rows = []
        for one, what in ASKED_NAMES.items():
            keys = [f'{one}/top{k}' for k in (1, 5)]
            found = [[r[key] for r in own if key in r] for key in keys]
            rows.append([what, *(mean(values, 3) for values in found)])
        head = ['what is asked for the code of an image', 'top 1', 'top 5']
        parts.append(markdown(head, rows))
    return '\n\n'.join(parts)


def mean(values, digits: int) -> str:
    """Mean with Student's 95 % interval, if the seeds give one."""
    values = np.array([v for v in values if not math.isnan(v)])
    if not len(values):
        return ''
    text = f'{values.mean():.{digits}f}'
    if len(values) < LEAST_SEEDS:
        return text
    return f'{text} ± {half_width(values):.{digits}f}'


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _reference_rows(results: Sequence[dict]) -> list[list[str]]:
    rows = []
    for result in results:
        for key, what in (
            ('real', 'the real images'),
            ('reconstructed', 'the real images through the VAE'),
        ):
            if result['config'] == 'references':
                scores = result[key]
                cells = [f'{scores[k]:.{d}f}' for k, d in SCORES.items()]
                rows.append([f'`{key}`', what, '', '', *cells, ''])
    return rows


def _values(seeds: Mapping[int, dict], score: str) -> dict[int, float]:
    return {seed: scores[score] for seed, scores in seeds.items()}
