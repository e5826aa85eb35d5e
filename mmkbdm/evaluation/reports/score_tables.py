"""Tables of the scores of a run (ours)."""

import numpy as np

from .glossary import headline_names, pooled_names, score_of, shown, why_none
from .html import Html, element, join, table

GROUPS = {'0': 'nobody', '1': '1', '2to3': '2 to 3', '4up': '4 and more'}
COLUMNS = {
    'floor': 'floor',
    'ceiling': 'ceiling',
    'judge_ceiling': "judge's own ceiling",
}
MISSING = {
    'floor': 'there is no other image whose poses could be taken',
    'ceiling': 'no real images were given',
    'judge_ceiling': 'not measured for this judge',
}


def summary(content: dict) -> str:
    """Say in one sentence or two what came out."""
    counts, metrics = content['counts'], content['metrics']
    judge = content['judge'].get('name', 'the judge')
    text = (
        f'{counts["images_scored"]} of {counts["images_given"]} images were '
        f'judged by {judge}'
    )
    value = shown(metrics['AP'], 'AP')
    if value is None:
        return f'{text}; nobody in them was to be found, so there is no AP.'
    text += f': AP {value}'
    limits = [
        f'{COLUMNS[key]} {shown(column["metrics"].get("AP"), "AP")}'
        for key in ('floor', 'ceiling')
        if (column := content[key]) and column['metrics'].get('AP') is not None
    ]
    if limits:
        text += f' ({", ".join(limits)})'
    return (
        f'{text}. The number of people is off by '
        f'{shown(metrics["PCE"], "PCE")} an image.'
    )


def headline(content: dict) -> Html:
    """The scores beside floor and ceilings, each with its unit."""
    metrics = content['metrics']
    columns = {key: content[key] for key in COLUMNS}
    head = ('score', 'these images', *COLUMNS.values())
    rows = []
    for name in headline_names(metrics):
        score = score_of(name)
        better = 'higher' if score.higher_is_better else 'lower'
        unit = ', '.join(filter(None, [score.unit, f'{better} is better']))
        label = element('span', unit, class_='unit')
        cells = [_cell(metrics, name)]
        cells += [
            _cell(column['metrics'], name) if column else 'n/a'
            for column in columns.values()
        ]
        rows.append((join([score.label, ' ', label]), *cells))
    return table(head, rows, class_='scores')


def columns_explained(content: dict) -> dict[str, str]:
    """What the columns of :func:`headline` are, or why one is empty."""
    return {
        words: column['what']
        if (column := content[key])
        else f'n/a: {MISSING[key]}'
        for key, words in COLUMNS.items()
    }


def by_people(content: dict, images: np.ndarray) -> Html:
    """AP, CAP and PCE of images with so many people.

    Args:
        content (dict): Of ``metrics.json``.
        images (np.ndarray): (4, ) how many images have so many people, in
            the order of ``GROUPS``.
    """
    metrics = content['metrics']
    rows = []
    for (group, words), number in zip(GROUPS.items(), images):
        cells = [
            'n/a'
            if group == '0' and name != 'PCE'
            else _cell(metrics, f'{name}_{group}')
            for name in ('AP', 'CAP', 'PCE')
        ]
        rows.append((words, number, *cells))
    head = ('people asked for', 'images', 'AP', 'CAP', 'PCE')
    return table(head, rows)


def by_size(content: dict) -> Html:
    """AP and AR of people by the pixels they cover."""
    metrics = content['metrics']
    sizes = {
        'medium': 'medium, 32² to 96² square pixels',
        'large': 'large, above 96² square pixels',
    }
    rows = [
        (words, _cell(metrics, f'AP_{size}'), _cell(metrics, f'AR_{size}'))
        for size, words in sizes.items()
    ]
    title = element('h3', 'By size of the person')
    return join([title, table(('size', 'AP', 'AR'), rows)])


def by_scenario(content: dict) -> Html:
    """Distances of scenarios; nothing where there are none."""
    metrics = content['metrics']
    rows = []
    for kind in ('FID', 'KID'):
        for name in pooled_names(list(metrics), kind)[1]:
            rows.append((score_of(name).label, _cell(metrics, name)))
    if not rows:
        return Html()
    title = element('h3', 'By scenario')
    return join([title, table(('score', 'these images'), rows)])


def _cell(metrics: dict, name: str) -> str | Html:
    """A score, or why there is none."""
    if name not in metrics:
        return element('span', 'not measured', class_='na')
    text = shown(metrics[name], name)
    if text is None:
        why = element('span', why_none(name), class_='na')
        return join(['n/a', why])
    kind, _, rest = name.partition('_')
    spread = metrics.get(f'{kind}_std_{rest}') if kind == 'KID' else None
    spread = shown(spread, name)
    if spread is None:
        return text
    more = element('span', f'± {spread}', class_='unit')
    return join([text, ' ', more])
