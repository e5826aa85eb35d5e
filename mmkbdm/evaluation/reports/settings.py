"""With what a run was judged and made, as part of a page (ours)."""

from collections.abc import Iterator

from .html import Html, element, section, terms


def settings(content: dict) -> Html:
    """Show judge, protocol, generator and versions of ``metrics.json``."""
    protocol = content['protocol']
    on = [name for name, value in protocol['switches'].items() if value]
    groups = {
        'Judge': content['judge'],
        'Protocol': dict(
            name=protocol['name'], switched_on=', '.join(on) or 'none'
        ),
        'Generation': content['generation']
        or dict(settings='n/a: none are known for these images'),
        'Versions': content['versions'],
        'Run': dict(
            seeds=content['seeds'] or 'n/a',
            features_of_FID_and_KID=content['features'] or 'n/a',
            command=content['command'],
            created=content['created'],
        ),
    }
    parts = []
    for title, values in groups.items():
        parts += [
            element('h3', title),
            terms(dict(_flat(values)), class_='settings'),
        ]
    return section('Settings', *parts)


def _flat(value, name: str = '') -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested settings under names such as ``a.b``."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _flat(one, f'{name}.{key}' if name else str(key))
    elif isinstance(value, list) and any(isinstance(v, dict) for v in value):
        for i, one in enumerate(value):
            yield from _flat(one, f'{name}.{i}')
    elif isinstance(value, list):
        yield name, ', '.join(map(str, value))
    else:
        yield name, 'none' if value is None else str(value)
