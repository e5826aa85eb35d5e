"""``report.html``: what a run scored, and how it looks (ours)."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ..functional import THRESHOLDS, best_oks_of_people, match_keypoints
from ..functional.people_count import groups_by_people
from ..judged import Evaluation
from .charts import curves, histogram
from .gallery import ASKED, FOUND, cards, worst_and_best
from .glossary import MEANINGS
from .html import Html, element, page, section, table, terms
from .score_tables import (
    by_people,
    by_scenario,
    by_size,
    columns_explained,
    headline,
    summary,
)
from .settings import settings

FIRST_NAMES = 20
COUNTS = {
    'images': (
        ('images', 'scored'),
        ('images_dropped', 'left out as last mini-batch'),
        ('images_without_people', 'asked to show nobody'),
        ('images_without_detections', 'without detections'),
        ('images_with_reference', 'with reference, for FID and KID'),
        ('images_with_prompt', 'with prompt, for the CLIP score'),
    ),
    'people asked for': (
        ('people_given', 'given'),
        ('people', 'scored'),
        ('people_without_joints', 'left out, no visible joint'),
        ('people_beyond_ten', 'left out, beyond ten'),
        ('people_without_area', 'without area, for AP'),
        ('people_undefined', 'without extent, for CAP'),
        ('nan_joints', 'joints that are NaN'),
    ),
    'detections': (
        ('detections_given', 'given'),
        ('detections', 'scored'),
        ('detections_invalid', 'left out, invalid'),
        ('detections_suppressed', 'left out, repeated'),
        ('pairs_undefined', 'pairs undefined, for CAP'),
    ),
}


def page_of_run(
    content: dict, evaluation: Evaluation, rows: Sequence[dict], title: str
) -> str:
    """Return the page of a run.

    Args:
        content (dict): Of ``metrics.json``.
        evaluation (Evaluation): What was scored.
        rows (Sequence[dict]): Of :func:`image_table`.
        title (str): Name of the report.
    """
    people = np.array(
        [row['people'] for row in rows if row['status'] == 'scored'], int
    )
    images = np.bincount(groups_by_people(people), minlength=4)
    name = f'Pose report: {title}' if title else 'Pose report'
    return page(
        name,
        element('h1', name),
        element('p', summary(content)),
        *_protocol_note(content['protocol']),
        section('Scores', headline(content), _meanings(content)),
        section(
            'By people and size',
            by_people(content, images),
            by_size(content),
            by_scenario(content),
        ),
        _counts(content['counts'], evaluation),
        _distribution(evaluation),
        *_gallery(evaluation, rows),
        settings(content),
    )


def _protocol_note(protocol: dict) -> list[Html]:
    on = [name for name, value in protocol['switches'].items() if value]
    if not on:
        return []
    return [
        element(
            'p',
            f'Scored by the {protocol["name"]} protocol with {len(on)} quirks '
            f'of the published scripts switched on: {", ".join(on)}. Compare '
            'these scores with others of the same protocol only. Charts and '
            'images below follow the standard protocol.',
            class_='note warning',
        )
    ]


def _meanings(content: dict) -> Html:
    names = [
        name
        for name in MEANINGS
        if any(key.startswith(name) for key in content['metrics'])
    ]
    return terms(
        columns_explained(content)
        | {name.replace('_', ' '): MEANINGS[name] for name in names}
    )


def _counts(counts: dict, evaluation: Evaluation) -> Html:
    """What became of images, people and detections, with names."""
    equation = element(
        'p',
        f'{counts["images_scored"]} scored + {counts["images_excluded"]} '
        f'excluded = {counts["images_given"]} given',
        class_='equation',
    )
    by_reason = defaultdict(list)
    for name, reason in evaluation.excluded.items():
        by_reason[f'excluded, {reason}'].append(name)
    if evaluation.without_image:
        by_reason['annotations without image'] = evaluation.without_image
    listed = {
        f'{len(names)} {what}': _first(names)
        for what, names in by_reason.items()
    }
    tables = []
    for what, names in COUNTS.items():
        lines = [(text, counts[n]) for n, text in names if n in counts]
        tables.append(table((what, 'number'), lines))
    return section(
        'Counts',
        equation,
        *([terms(listed)] if listed else []),
        element('div', *tables, class_='side'),
    )


def _first(names: Sequence[str]) -> str:
    text = ', '.join(names[:FIRST_NAMES])
    more = len(names) - FIRST_NAMES
    return f'{text} and {more} more' if more > 0 else text


def _distribution(evaluation: Evaluation) -> Html:
    """How the people were hit, and precision over recall."""
    detections, truth, _ = evaluation.collect()
    title = 'How well people were hit'
    best = best_oks_of_people(detections, truth)
    best = best[~np.isnan(best)]
    if not len(best):
        return section(title, note='n/a: nobody was asked for.')
    matches = match_keypoints(detections, truth)
    lines = {
        f'OKS above {THRESHOLDS[i]:.2f}': _precision(matches, i)
        for i in (0, 5, 9)
    }
    return section(
        title,
        element(
            'div',
            element(
                'figure',
                histogram(best, 'OKS of the detection nearest to a person'),
                element(
                    'figcaption',
                    f'{len(best)} people, mean {best.mean():.3f}; '
                    f'{100 * np.mean(best >= 0.5):.0f} % reach .50, '
                    f'{100 * np.mean(best >= 0.75):.0f} % reach .75.',
                ),
            ),
            element(
                'figure',
                curves(lines, 'recall', 'precision'),
                element(
                    'figcaption',
                    'Detections by falling score: the share of them that is '
                    'right over the share of people found.',
                ),
            ),
            class_='side',
        ),
    )


def _precision(matches, threshold: int) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision, (101, ) each, at an index of thresholds."""
    order = np.argsort(-matches.scores, kind='stable')
    counted = ~matches.ignored[threshold, order]
    right = matches.right[threshold, order][counted].cumsum()
    precision = right / np.arange(1, len(right) + 1)
    recalls = np.linspace(0, 1, 101)
    # The best that is reached at this recall or a greater one, as AP has it.
    where = np.searchsorted(right, recalls * matches.people.sum())
    ceiling = np.maximum.accumulate(precision[::-1])[::-1]
    return recalls, np.append(ceiling, 0)[where]


def _gallery(evaluation: Evaluation, rows: Sequence[dict]) -> tuple[Html, ...]:
    worst, best = worst_and_best(rows)
    legend = element(
        'p',
        'Left the condition, right the image with the pose ',
        _key(ASKED),
        'asked for and the poses ',
        _key(FOUND),
        'found with a score above 0.3 over it: white that still shows was '
        'not met. OKS is the mean over the people asked for, of the '
        'detection nearest to each.',
        class_='note',
    )
    parts = []
    for title, names in (('Worst images', worst), ('Best images', best)):
        content = cards(names, evaluation, rows) if names else 'n/a: too few.'
        parts.append(section(title, legend, content))
    return tuple(parts)


def _key(colour: tuple[int, int, int]) -> Html:
    style = f'background: rgb{colour}'
    return element('span', class_='key', style=style)
