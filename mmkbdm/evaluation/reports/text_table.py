"""A report in a few lines of a terminal (ours)."""

from .glossary import headline_names, shown

COLUMNS = {
    'floor': 'floor',
    'ceiling': 'ceiling',
    'judge_ceiling': "judge's own",
}


def report_lines(content: dict) -> list[str]:
    """Return lines of text: scores beside their limits, and the counts.

    Args:
        content (dict): Of ``metrics.json``.
    """
    columns = {key: content[key] for key in COLUMNS if content[key]}
    heads = ''.join(f' {COLUMNS[key]:>11}' for key in columns)
    lines = [f'{"score":<32} {"images":>11}{heads}']
    for name in headline_names(content['metrics']):
        values = [content['metrics'].get(name)]
        values += [one['metrics'].get(name) for one in columns.values()]
        cells = [shown(value, name) or 'n/a' for value in values]
        row = ''.join(f' {cell:>11}' for cell in cells)
        lines.append(f'{name:<32}{row}')
    lines += [f'{COLUMNS[key]}: {one["what"]}' for key, one in columns.items()]
    counts = content['counts']
    lines.append(
        f'{counts["images_scored"]} images scored + '
        f'{counts["images_excluded"]} excluded = '
        f'{counts["images_given"]} given; '
        f'{counts["annotations_without_image"]} annotations without an image'
    )
    lines += [
        f'excluded: {count} ({reason})'
        for reason, count in counts['excluded_by_reason'].items()
    ]
    return lines
