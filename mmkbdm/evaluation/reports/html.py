"""HTML made of elements, in which every text is escaped (ours)."""

import html
from collections.abc import Iterable, Sequence

from .style import STYLE


class Html(str):
    """Text that is HTML already and goes into a page as it is."""


def element(name: str, /, *children, **attributes) -> Html:
    """Return an element; children that are not :class:`Html` are escaped.

    Args:
        name (str): Such as ``td``.
        *children: Anything that has a text.
        **attributes: A trailing underscore is dropped (``class_``), others
            become hyphens; one that is None is left out.

    Example:
        >>> element('td', 'a < b', class_='number')
        '<td class="number">a &lt; b</td>'
    """
    text = ''.join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in ('img', 'meta'):
        return Html(f'<{name}{text}>')
    return Html(f'<{name}{text}>{join(children)}</{name}>')


def join(children: Iterable) -> Html:
    """Concatenate what :func:`element` takes as children."""
    return Html(
        ''.join(
            one if isinstance(one, Html) else html.escape(str(one))
            for one in children
        )
    )


def table(head: Sequence, rows: Iterable[Sequence], class_=None) -> Html:
    """Return a table whose first column names its rows.

    It scrolls by itself where the window is narrow.
    """
    top = element('tr', *(element('th', one, scope='col') for one in head))
    body = (
        element(
            'tr',
            element('th', row[0], scope='row'),
            *(element('td', one) for one in row[1:]),
        )
        for row in rows
    )
    content = element(
        'table',
        element('thead', top),
        element('tbody', *body),
        class_=class_,
    )
    return element('div', content, class_='scroll')


def terms(meanings: dict, class_: str | None = None) -> Html:
    """Return a list of terms, each with its meaning beside or below it."""
    words = []
    for term, meaning in meanings.items():
        words += [element('dt', term), element('dd', meaning)]
    return element('dl', *words, class_=class_)


def section(title: str, *children, note: str = '') -> Html:
    """Return a part of a page under its title and a line about it."""
    notes = [element('p', note, class_='note')] if note else []
    return element('section', element('h2', title), *notes, *children)


def page(title: str, *children) -> str:
    """Return a whole document, style included, that needs no other file."""
    head = element(
        'head',
        element('meta', charset='utf-8'),
        element(
            'meta',
            name='viewport',
            content='width=device-width, initial-scale=1',
        ),
        element('title', title),
        element('style', Html(STYLE)),
    )
    body = element('body', element('main', *children))
    return f'<!doctype html>\n{element("html", head, body, lang="en")}\n'
