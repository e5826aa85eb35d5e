"""Objects that stand next to people or hide a part of them.

Source: ours. An object is drawn in its own frame: one unit high, origin in
the middle of its foot, y up. Its name is the word used in captions.
"""

from .canvas import OBJECT, capsule, disc
from .sampling import pick

# height in statures: low, high
SIZES = {
    'ball': (0.2, 0.34),
    'box': (0.26, 0.46),
    'plant': (0.42, 0.62),
    'balloon': (0.55, 0.8),
    'rock': (0.24, 0.4),
    'barrel': (0.34, 0.5),
    'lamp': (0.8, 1.05),
}

_COLOURS = {
    'ball': ((60, 120, 235), (200, 150, 50), (70, 190, 90), (160, 80, 190)),
    'box': ((90, 140, 190), (75, 115, 160), (130, 150, 165)),
    'plant': ((60, 140, 60), (70, 165, 95), (90, 130, 40)),
    'balloon': ((70, 70, 225), (60, 200, 240), (200, 120, 60)),
    'rock': ((130, 135, 140), (110, 120, 135)),
    'barrel': ((55, 95, 150), (60, 80, 120)),
    'lamp': ((110, 225, 250), (160, 235, 250)),
}


def draw_prop(pen, name, rng):
    """Add one object to a pen whose scale is the object's height.

    Args:
        pen (Pen): Receives the shapes.
        name (str): Key of :data:`SIZES`.
        rng (np.random.Generator): Chooses the colour.
    """
    pen.part(0.0)
    _DRAW[name](pen, name, pick(rng, _COLOURS[name]))


def half_width(name):
    """Return half of the width of an object in units of its height."""
    return {'ball': 0.5, 'box': 0.62, 'plant': 0.42, 'balloon': 0.26}.get(
        name, 0.5 if name != 'lamp' else 0.2
    )


def draw_stool(pen, frame, seat, floor):
    """Add a stool below a seated person.

    Args:
        pen (Pen): Pen with the person's scale and origin.
        frame (Frame): Pelvis axes.
        seat (float): Height of the seat in statures, from the pelvis.
        floor (float): Height of the floor, below the seat.
    """
    pen.part(0.0)
    wood = (80, 120, 165)
    for low, high, wide in ((floor, seat, 0.105), (seat - 0.03, seat, 0.13)):
        corners = [
            frame.at(x * wide, y, 0.03 + z * wide)
            for x in (1, -1)
            for y in (low, high)
            for z in (1, -1)
        ]
        shape = [pen.xy(p) for p in corners]
        pen.shape(shape, 'stool', OBJECT, wood, high - low > 0.05)
        wood = (95, 140, 190)


def _ball(pen, part, colour):
    s = pen.scale
    centre = pen.xy((0, 0.5, 0))
    pen.shape(disc(centre, 0.5 * s), part, OBJECT, colour, True)
    lx, ly = pen.light
    x, y = centre[0] + 0.14 * s * lx, centre[1] + 0.14 * s * ly
    pen.shape(disc((x, y), 0.36 * s), part, OBJECT, colour)
    stripe = [pen.xy(p) for p in ((-0.48, 0.42), (0.48, 0.58))]
    band = capsule(stripe[0], stripe[1], 0.05 * s, 0.05 * s)
    pen.shape(band, part, OBJECT, (240, 240, 240))


def _box(pen, part, colour):
    front = [(-0.6, 0), (0.35, 0), (0.35, 0.78), (-0.6, 0.78)]
    side = [(0.35, 0), (0.62, 0.2), (0.62, 1.0), (0.35, 0.78)]
    top = [(-0.6, 0.78), (0.35, 0.78), (0.62, 1.0), (-0.33, 1.0)]
    light = tuple(min(255, c + 40) for c in colour)
    _polygon(pen, front, part, colour)
    _polygon(pen, side, part, colour, True)
    _polygon(pen, top, part, light)
    tape = [(-0.19, 0), (-0.06, 0), (-0.06, 0.78), (-0.19, 0.78)]
    _polygon(pen, tape, part, (150, 200, 225))


def _plant(pen, part, colour):
    s = pen.scale
    for x, y, r in (
        (-0.34, 0.66, 0.09),
        (0.34, 0.68, 0.09),
        (-0.2, 0.88, 0.08),
        (0.2, 0.86, 0.08),
        (0.0, 0.94, 0.07),
    ):
        leaf = capsule(pen.xy((0, 0.32)), pen.xy((x, y)), 0.035 * s, r * s)
        pen.shape(leaf, part, OBJECT, colour, x * pen.light[0] < 0)
    pot = [(-0.2, 0), (0.2, 0), (0.27, 0.38), (-0.27, 0.38)]
    _polygon(pen, pot, part, (70, 100, 190))


def _balloon(pen, part, colour):
    s = pen.scale
    string = capsule(
        pen.xy((0.05, 0.0)), pen.xy((0, 0.5)), 0.012 * s, 0.012 * s
    )
    pen.shape(string, part, OBJECT, (60, 60, 60))
    body = [(0, 0.44), (0.2, 0.6), (0.26, 0.75), (0.2, 0.91), (0.1, 0.98)]
    body += [(-x, y) for x, y in body]
    _polygon(pen, body, part, colour, True)
    lx = 0.07 * pen.light[0]
    _polygon(
        pen,
        [(0.68 * x + lx, 0.79 + 0.7 * (y - 0.76)) for x, y in body],
        part,
        colour,
    )


def _rock(pen, part, colour):
    body = [(-0.5, 0), (0.5, 0), (0.48, 0.4), (0.2, 0.9), (-0.1, 1.0)]
    body += [(-0.42, 0.6)]
    _polygon(pen, body, part, colour, True)
    lit = [(-0.36, 0.3), (0.16, 0.36), (0.12, 0.86), (-0.1, 0.95)]
    lit += [(-0.36, 0.6)]
    _polygon(pen, lit, part, colour)


def _barrel(pen, part, colour):
    body = [(-0.36, 0), (0.36, 0), (0.46, 0.5), (0.36, 1), (-0.36, 1)]
    body += [(-0.46, 0.5)]
    _polygon(pen, body, part, colour, True)
    lx = 0.1 * pen.light[0]
    _polygon(pen, [(0.66 * x + lx, y) for x, y in body], part, colour)
    for y in (0.2, 0.72):
        hoop = [(-0.43, y), (0.43, y), (0.44, y + 0.08), (-0.44, y + 0.08)]
        _polygon(pen, hoop, part, (70, 70, 75))


def _lamp(pen, part, colour):
    pole = [(-0.025, 0), (0.025, 0), (0.025, 0.8), (-0.025, 0.8)]
    foot = [(-0.14, 0), (0.14, 0), (0.1, 0.05), (-0.1, 0.05)]
    shade = [(-0.2, 0.68), (0.2, 0.68), (0.1, 1.0), (-0.1, 1.0)]
    _polygon(pen, pole, part, (60, 60, 70))
    _polygon(pen, foot, part, (60, 60, 70))
    _polygon(pen, shade, part, colour)


def _polygon(pen, points, part, colour, shaded=False):
    shape = [pen.xy(p) for p in points]
    pen.shape(shape, part, OBJECT, colour, shaded)


_DRAW = {
    'ball': _ball,
    'box': _box,
    'plant': _plant,
    'balloon': _balloon,
    'rock': _rock,
    'barrel': _barrel,
    'lamp': _lamp,
}
