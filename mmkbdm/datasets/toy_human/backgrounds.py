"""Places behind the people: hills, a room, a street, a plain wall.

Source: ours. All are flat shapes in a style's own colours; the style adds its
texture later.
"""

import cv2
import numpy as np

from .canvas import fill, fixed
from .sampling import chance, jitter, pick, shuffled, uniform


def gradient(size, top, bottom):
    """Return a vertical gradient between two BGR colours, (S, S, 3) uint8."""
    t = np.arange(size, dtype=np.int32)[:, None]
    top, bottom = np.array(top), np.array(bottom)
    rows = (top * (size - 1 - t) + bottom * t) // (size - 1)
    return cv2.repeat(rows.astype(np.uint8)[:, None], 1, size)


def polygon(image, points, colour):
    """Fill a convex polygon given in pixels, in place."""
    cv2.fillConvexPoly(image, fixed(points), colour, cv2.LINE_AA, 4)


def circle(image, x, y, radius, colour):
    """Fill a circle given in pixels, in place."""
    centre = round(x * 16), round(y * 16)
    cv2.circle(image, centre, round(radius * 16), colour, -1, cv2.LINE_AA, 4)


def hills(rng, size, colours):
    """Return sky, sun, two hills and ground.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Width and height in pixels.
        colours (tuple): Five BGR colours.

    Returns:
        np.ndarray: (S, S, 3) uint8.
    """
    sky, sun, far, near, _ = colours
    image = gradient(size, sky, _lighter(sky, 35))
    circle(
        image,
        uniform(rng, 0.1, 0.9) * size,
        uniform(rng, 0.08, 0.25) * size,
        uniform(rng, 0.06, 0.11) * size,
        sun,
    )
    for colour, level in ((far, 0.5), (near, 0.66)):
        middle, r = uniform(rng, 0, 1) * size, uniform(rng, 0.8, 1.4) * size
        y = (level + jitter(rng, 0.08)) * size
        circle(image, middle, y + r, r, colour)
        other = middle + (0.7 if middle < size / 2 else -0.7) * size
        circle(image, other, y + r + 0.08 * size, r, _lighter(colour, -12))
    polygon(image, _box(0, 0.8 * size, size, size), _lighter(near, -18))
    return image


def room(rng, size, colours):
    """Return a wall with a window or picture, and a floor."""
    wall, frame, floor, pane, stripe = colours
    image = np.full((size, size, 3), wall, np.uint8)
    if chance(rng, 0.5):
        step = uniform(rng, 0.1, 0.2) * size
        x = -uniform(rng, 0, 1) * step
        while x < size:
            polygon(
                image, _box(x, 0, x + 0.4 * step, size), _between(wall, stripe)
            )
            x += step
    x, y = uniform(rng, 0.05, 0.6) * size, uniform(rng, 0.06, 0.2) * size
    w, h = uniform(rng, 0.2, 0.34) * size, uniform(rng, 0.2, 0.32) * size
    polygon(image, _box(x, y, x + w, y + h), frame)
    m = 0.025 * size
    polygon(image, _box(x + m, y + m, x + w - m, y + h - m), pane)
    polygon(image, _box(x + w / 2 - m / 3, y, x + w / 2 + m / 3, y + h), frame)
    y = uniform(rng, 0.7, 0.82) * size
    polygon(image, _box(0, y, size, size), floor)
    polygon(image, _box(0, y, size, y + m), _lighter(floor, -30))
    return image


def street(rng, size, colours):
    """Return houses with windows under a sky, and a pavement."""
    sky, window, *walls = colours
    image = gradient(size, sky, _lighter(sky, 30))
    base, x = 0.78 * size, -0.05 * size
    walls = shuffled(rng, walls)
    i = 0
    while x < size:
        w, top = uniform(rng, 0.2, 0.36) * size, uniform(rng, 0.1, 0.45) * size
        polygon(image, _box(x, top, x + w, base), walls[i % len(walls)])
        y = top + 0.06 * size
        while y < base - 0.12 * size:
            for k in (0.18, 0.58):
                left = x + k * w
                polygon(
                    image,
                    _box(left, y, left + 0.22 * w, y + 0.07 * size),
                    window,
                )
            y += 0.16 * size
        x += w
        i += 1
    polygon(image, _box(0, base, size, size), _lighter(walls[0], -25))
    return image


def plain(rng, size, colours):
    """Return a wall that runs into the floor, with soft blots."""
    image = gradient(size, colours[0], colours[2])
    for _ in range(7):
        circle(
            image,
            uniform(rng, 0, 1) * size,
            uniform(rng, 0, 1) * size,
            uniform(rng, 0.08, 0.25) * size,
            _between(pick(rng, colours), colours[0]),
        )
    return image


def any_place(rng, size, colours):
    """Return one of the places above."""
    return pick(rng, (hills, room, street, plain))(rng, size, colours)


def panes(rng, size, colours, count):
    """Return glass panes and the lead between them.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Width and height in pixels.
        colours (tuple): BGR colours of the glass.
        count (int): Number of panes.

    Returns:
        tuple: Image, (S, S, 3) uint8, and lead lines, (S, S) uint8.
    """
    image = np.zeros((size, size, 3), np.uint8)
    lead = np.zeros((size, size), np.uint8)
    whole = [(-1.0, -1.0), (size, -1.0), (size, size), (-1.0, size)]
    cells = [(float(size) ** 2, whole)]
    while len(cells) < count:
        cells.sort(key=lambda cell: round(cell[0], 2))
        cell = cells.pop()[1]
        t, u = uniform(rng, 0.35, 0.65), uniform(rng, 0.35, 0.65)
        cells += [(_area(part), part) for part in _split(cell, t, u)]
    thick = max(1, size // 64)
    for _, cell in cells:
        shape = fixed(cell)
        fill(image, shape, pick(rng, colours))
        cv2.polylines(lead, [shape], True, 255, thick, cv2.LINE_AA, 4)
    return image, lead


def _split(cell, t, u):
    """Cut a polygon from its longest side to the side opposite."""
    n = len(cell)
    length = [
        abs(a[0] - b[0]) + abs(a[1] - b[1])
        for a, b in zip(cell, cell[1:] + cell[:1])
    ]
    i = max(range(n), key=lambda k: round(length[k], 3))
    j = (i + n // 2) % n
    cell = cell[i:] + cell[:i]
    j = (j - i) % n
    p = _along(cell[0], cell[1], t)
    q = _along(cell[j], cell[(j + 1) % n], u)
    return [p, *cell[1 : j + 1], q], [q, *cell[j + 1 :], cell[0], p]


def _along(a, b, t):
    return a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])


def _area(cell):
    total = 0.0
    for (ax, ay), (bx, by) in zip(cell, cell[1:] + cell[:1]):
        total += ax * by - bx * ay
    return abs(total) / 2


def _box(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _lighter(colour, by):
    return tuple(max(0, min(255, c + by)) for c in colour)


def _between(a, b):
    return tuple((p + q) // 2 for p, q in zip(a, b))
