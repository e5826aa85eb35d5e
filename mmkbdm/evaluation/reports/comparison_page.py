"""A comparison of reports as Markdown and as a page (ours)."""

from .glossary import MEANINGS, score_of, shown
from .html import Html, element, join, page, section, table, terms

FEW_IMAGES = 30


def notes(comparison: dict) -> list[str]:
    """Say of what, how and with which limits reports were compared."""
    first, names = comparison['reports'][0], comparison['reports']
    left = [
        f'{number} of {name}'
        for name, number in comparison['not_common'].items()
        if number
    ]
    result = [
        f'{comparison["images"]} images are common to the {len(names)} '
        'reports'
        + (f'; left out for being in some only: {", ".join(left)}.'
           if left else '.'),
        'All are scored in the standard protocol. In brackets the middle '
        f'95 % of {comparison["resamples"]} resamplings of the images (seed '
        f'{comparison["seed"]}), the same images for all reports. They do '
        'not tell what another judge or other seeds would change.',
        f'A difference is to {first}; it is marked better or worse if its '
        'interval excludes 0. With several scores and reports, some of the '
        'intervals exclude 0 by chance.',
    ]  # fmt: skip
    if comparison['images'] < FEW_IMAGES:
        result.append(
            f'Fewer than {FEW_IMAGES} images: intervals are narrower than '
            'they should be.'
        )
    if comparison['set_scores']:
        result.append(
            'FID and KID are those of each whole report, without interval: '
            'they belong to a set of images, not to its images.'
        )
    return comparison['warnings'] + result


def verdict(name: str, entry: dict) -> str:
    """Return better, worse, or nothing when no difference is certain."""
    if not entry['differs']:
        return ''
    rises = entry['difference'] > 0
    return 'better' if rises == score_of(name).higher_is_better else 'worse'


def as_markdown(comparison: dict) -> str:
    """Return the table as Markdown, which is plain to read as well."""
    head = ['score', *comparison['reports']]
    lines = [head, ['---'] * len(head)]
    for name, entries in comparison['scores'].items():
        cells = [score_of(name).label]
        for entry in entries:
            text = _with_interval(entry['value'], entry['interval'], name)
            if entry['difference'] is not None:
                text += f'; {_difference(entry, name)}'
                text += f' **{verdict(name, entry)}**' * entry['differs']
            cells.append(text)
        lines.append(cells)
    for name, values in comparison['set_scores'].items():
        cells = [shown(value, name) or 'n/a' for value in values]
        lines.append([score_of(name).label, *cells])
    rows = (
        f'| {" | ".join(c.replace("|", chr(92) + "|") for c in line)} |'
        for line in lines
    )
    bullets = (f'- {note}' for note in notes(comparison))
    return '\n'.join([*rows, '', *bullets]) + '\n'


def as_page(comparison: dict) -> str:
    """Return a page that needs no other file."""
    names = comparison['reports']
    rows = []
    for name, entries in comparison['scores'].items():
        rows.append((_label(name), *(_cell(name, one) for one in entries)))
    for name, values in comparison['set_scores'].items():
        cells = [shown(value, name) or 'n/a' for value in values]
        rows.append((_label(name), *cells))
    warnings = [
        element('p', text, class_='note warning')
        for text in comparison['warnings']
    ]
    texts = notes(comparison)[len(warnings) :]
    meanings = {
        key.replace('_', ' '): text
        for key, text in MEANINGS.items()
        if any(
            name.startswith(key)
            for name in (*comparison['scores'], *comparison['set_scores'])
        )
    }
    meanings['mean OKS'] = (
        'OKS of the detection nearest to a person, mean over the people; '
        'scores of detections and false ones do not matter.'
    )
    return page(
        'Pose reports compared',
        element('h1', 'Pose reports compared'),
        element('p', f'{" · ".join(names)}: {comparison["images"]} images.'),
        *warnings,
        section('Scores', table(('score', *names), rows, class_='compared')),
        section('How to read it', *(element('p', one) for one in texts),
                terms(meanings)),
    )  # fmt: skip


def _label(name: str) -> Html:
    score = score_of(name)
    better = 'higher' if score.higher_is_better else 'lower'
    unit = element(
        'span', f'{score.unit}, {better} is better', class_='unit below'
    )
    return join([score.label, unit])


def _cell(name: str, entry: dict) -> Html:
    parts = [shown(entry['value'], name) or 'n/a']
    if entry['interval']:
        text = _bracket(entry['interval'], name)
        parts.append(element('span', text, class_='interval'))
    if entry['difference'] is not None:
        word = verdict(name, entry)
        text = f'{_difference(entry, name)} {word}'.strip()
        parts.append(element('span', text, class_=f'interval {word}'.strip()))
    return join(parts)


def _with_interval(value: float | None, limits, name: str) -> str:
    text = shown(value, name)
    if text is None:
        return 'n/a'
    return f'{text} {_bracket(limits, name)}' if limits else text


def _difference(entry: dict, name: str) -> str:
    digits = score_of(name).digits
    # Adding 0 turns -0 to 0.
    value = round(entry['difference'], digits) + 0.0
    text = f'{value:+.{digits}f}'
    limits = entry['difference_interval']
    return f'{text} {_bracket(limits, name, "+")}' if limits else text


def _bracket(limits: tuple[float, float], name: str, sign: str = '') -> str:
    digits = score_of(name).digits
    low, high = (round(one, digits) + 0.0 for one in limits)
    return f'[{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]'
