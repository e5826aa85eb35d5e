"""Clothed body of a posed person as shapes sorted by depth.

Source: ours. Limbs are tapered capsules, the torso is the hull of elliptic
rings around the spine; both keep their form from every side. The nearest
part is painted last.
"""

from dataclasses import dataclass

from .canvas import PANTS, SHIRT, SHOES, SKIN
from .head import draw_head
from .sampling import chance, pick, pick_weighted
from .skeleton import SIDES, add, mix

# BGR; only shirts are named in captions
SHIRT_COLOURS = {
    'red': (40, 40, 215),
    'orange': (25, 130, 245),
    'yellow': (40, 215, 250),
    'green': (60, 165, 50),
    'blue': (215, 95, 35),
    'purple': (180, 50, 130),
    'pink': (190, 130, 250),
}
PANTS_COLOURS = (
    (120, 75, 50),
    (70, 60, 60),
    (150, 150, 150),
    (60, 85, 120),
    (150, 190, 210),
    (95, 60, 90),
    (60, 90, 70),
    (225, 225, 225),
)
SKIN_COLOURS = (
    (190, 215, 245),
    (165, 195, 235),
    (140, 175, 225),
    (110, 145, 200),
    (80, 110, 165),
    (60, 80, 125),
)
HAIR_COLOURS = (
    (30, 28, 30),
    (35, 50, 75),
    (45, 80, 130),
    (110, 185, 225),
    (45, 75, 170),
    (150, 150, 155),
)
SHOE_COLOURS = ((40, 40, 40), (220, 220, 225), (50, 70, 110), (60, 60, 170))


@dataclass
class Look:
    """Clothes and hair of one person; colours are BGR tuples.

    Attributes:
        shirt_name (str): Key of :data:`SHIRT_COLOURS`.
        sleeves (str): ``'long'``, ``'short'`` or ``'none'``.
        legwear (str): ``'trousers'``, ``'shorts'``, ``'skirt'`` or
            ``'dress'``.
        hair_style (str): ``'short'``, ``'long'``, ``'bun'`` or ``'bald'``.
        hat (tuple, optional): Colour of a cap, None without one.
    """

    shirt_name: str
    pants: tuple
    skin: tuple
    hair: tuple
    shoes: tuple
    sleeves: str
    legwear: str
    hair_style: str
    hat: tuple | None = None

    @property
    def shirt(self):
        """BGR colour of the shirt."""
        return SHIRT_COLOURS[self.shirt_name]


def sample_look(rng, taken=()):
    """Draw clothes and hair; the shirt avoids the names in ``taken``."""
    names = [name for name in SHIRT_COLOURS if name not in taken]
    hat = chance(rng, 0.12)
    style = pick_weighted(
        rng, ('short', 'long', 'bun', 'bald'), (5, 2.5, 1.2, 0.5)
    )
    return Look(
        shirt_name=pick(rng, names),
        pants=pick(rng, PANTS_COLOURS),
        skin=pick(rng, SKIN_COLOURS),
        hair=pick(rng, HAIR_COLOURS),
        shoes=pick(rng, SHOE_COLOURS),
        sleeves=pick_weighted(rng, ('long', 'short', 'none'), (4, 4, 1)),
        legwear=pick_weighted(
            rng, ('trousers', 'shorts', 'skirt', 'dress'), (6, 3, 1, 1.2)
        ),
        hair_style=style,
        hat=pick(rng, ((60, 60, 190), (160, 90, 50), (70, 70, 70)))
        if hat
        else None,
    )


def draw_body(pen, skeleton, look):
    """Add all parts of a person to a pen.

    Args:
        pen (Pen): Receives the shapes, in map pixels.
        skeleton (Skeleton): Where the joints are.
        look (Look): What the person wears.
    """
    for name, _ in SIDES:
        _draw_leg(pen, skeleton, look, name)
        _draw_arm(pen, skeleton, look, name)
    _draw_torso(pen, skeleton, look)
    draw_head(pen, skeleton, look)


def _draw_torso(pen, skeleton, look):
    b, p, frame = skeleton.build, skeleton.points, skeleton.torso
    g = b.girth
    neck, hips = p['neck'], p['pelvis']
    pelvis_width = b.hip + 0.036 * g
    shirt_depth = mix(hips, neck, 0.6)[2]

    pen.part(hips[2] - 0.012)
    pants = (
        (SHIRT, look.shirt) if look.legwear == 'dress' else (PANTS, look.pants)
    )
    top = pen.ring(
        add(hips, frame.up, 0.05), frame, b.waist * g**0.5, 0.055 * g
    )
    middle = pen.ring(hips, skeleton.pelvis, pelvis_width, 0.062 * g)
    low = pen.ring(
        add(hips, skeleton.pelvis.up, -0.035),
        skeleton.pelvis,
        pelvis_width * 0.86,
        0.055 * g,
    )
    pen.volume([top, middle, low], 'pelvis', *pants)

    pen.part(shirt_depth - 0.016)
    pen.limb(
        add(neck, frame.up, -0.02),
        add(p['head'], skeleton.head.up, -0.35 * b.head),
        (0.033 * g**0.5, 0.029 * g**0.5),
        'neck',
        SKIN,
        look.skin,
    )

    pen.part(shirt_depth)
    collar = pen.ring(add(neck, frame.up, 0.012), frame, 0.042, 0.036)
    line = [mix(neck, p[n + '_shoulder'], 0.94) for n, _ in SIDES]
    line = [pen.xy(add(q, frame.up, s)) for q in line for s in (0.014, -0.03)]
    chest = pen.ring(
        add(neck, frame.up, -0.085), frame, b.shoulder * 0.93, 0.066 * g
    )
    waist = pen.ring(
        add(hips, frame.up, 0.36 * b.torso),
        frame,
        b.waist * g**0.5,
        0.054 * g,
    )
    hem = pen.ring(
        add(hips, frame.up, 0.012), frame, pelvis_width * 1.03, 0.064 * g
    )
    shirt = 'torso', SHIRT, look.shirt
    pen.volume([waist, hem], *shirt)
    pen.volume([collar, line, chest], *shirt)
    pen.volume([chest, waist], *shirt)
    if look.legwear in ('skirt', 'dress'):
        _draw_skirt(pen, skeleton, look, middle, pants)


def _draw_skirt(pen, skeleton, look, top, cloth):
    b, p = skeleton.build, skeleton.points
    reach = 0.68 if look.legwear == 'dress' else 0.6
    rings = [top]
    depth = 0.0
    for name, _ in SIDES:
        end = mix(p[name + '_hip'], p[name + '_knee'], reach)
        rings.append(pen.ring(end, skeleton.pelvis, 0.062 * b.girth, 0.06))
        depth += 0.5 * end[2]
    pen.part(max(0.5 * depth + 0.004, 0.004))
    pen.volume(rings, 'skirt', *cloth)


def _draw_arm(pen, skeleton, look, name):
    p, g = skeleton.points, skeleton.build.girth
    shoulder, elbow = p[name + '_shoulder'], p[name + '_elbow']
    wrist, hand = p[name + '_wrist'], p[name + '_hand']
    upper, fore = name + '_upper_arm', name + '_forearm'
    skin, shirt = (SKIN, look.skin), (SHIRT, look.shirt)
    radii = 0.041 * g, 0.031 * g
    pen.part(mix(shoulder, elbow, 0.5)[2] + 0.012)
    covered = look.sleeves == 'long'
    pen.limb(shoulder, elbow, radii, upper, *(shirt if covered else skin))
    if look.sleeves == 'short':
        end = mix(shoulder, elbow, 0.52)
        pen.limb(shoulder, end, (0.046 * g, 0.042 * g), upper, *shirt)

    pen.part(mix(elbow, wrist, 0.5)[2] + 0.02)
    pen.limb(wrist, hand, (0.021 * g, 0.026 * g), name + '_hand', *skin)
    cloth = shirt if covered else skin
    pen.limb(elbow, wrist, (0.031 * g, 0.022 * g), fore, *cloth)


def _draw_leg(pen, skeleton, look, name):
    p, g = skeleton.points, skeleton.build.girth
    hip, knee = p[name + '_hip'], p[name + '_knee']
    ankle, heel, toe = (p[name + end] for end in ('_ankle', '_heel', '_toe'))
    thigh, shin = name + '_thigh', name + '_shin'
    skin, pants = (SKIN, look.skin), (PANTS, look.pants)
    pen.part(mix(hip, knee, 0.5)[2] - 0.02)
    radii = 0.062 * g, 0.043 * g
    long = look.legwear == 'trousers'
    pen.limb(hip, knee, radii, thigh, *(pants if long else skin))
    if look.legwear == 'shorts':
        end = mix(hip, knee, 0.72)
        pen.limb(hip, end, (0.065 * g, 0.057 * g), thigh, *pants)

    pen.part(mix(knee, ankle, 0.5)[2] - 0.018)
    radii = 0.027 * g, 0.022 * g
    pen.limb(heel, toe, radii, name + '_foot', SHOES, look.shoes)
    radii = (0.043 * g, 0.032 * g) if long else (0.041 * g, 0.025 * g)
    pen.limb(knee, ankle, radii, shin, *(pants if long else skin))
