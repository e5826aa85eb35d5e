"""Drawing into a map of part numbers instead of into colours.

Source: ours. Every primitive fills its number into a uint8 map of twice the
image's size; :class:`Palette` says what a number means. Colour, outline and
visibility are all read from that one map, so they cannot disagree.

Bytes are the same on every machine: coordinates are rounded to 1/16 pixel
fixed point before OpenCV's integer rasteriser sees them, which hides the
last digit in which ``math`` may differ between processors.
"""

import math

import cv2
import numpy as np

SUPERSAMPLE = 2
SHIFT = 4

SKIN, SHIRT, PANTS, HAIR, SHOES, FACE, OBJECT = range(1, 8)

_ARC = tuple(
    (math.cos(math.pi * (0.5 + i / 5)), math.sin(math.pi * (0.5 + i / 5)))
    for i in range(6)
)
_CIRCLE = tuple(
    (math.cos(math.pi * i / 6), math.sin(math.pi * i / 6)) for i in range(12)
)

_RING = tuple(
    (math.cos(math.pi * i / 4), math.sin(math.pi * i / 4)) for i in range(8)
)


class Palette:
    """The meaning of the numbers 1 to 255 of one scene's map.

    Attributes:
        entries (list[tuple]): ``(owner, part, role, shaded, colour)`` of
            each number; entry 0 is the background. ``owner`` is the index
            of a person or the name of an object, ``colour`` is BGR.
    """

    def __init__(self):
        self.entries = [(None, '', 0, False, (0, 0, 0))]
        self._numbers = {}

    def number(self, owner, part, role, shaded, colour):
        """Return the number of this entry, a new one the first time.

        Raises:
            OverflowError: If the scene needs more than 255 numbers.
        """
        key = owner, part, role, shaded, colour
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.entries)
            if found > 255:
                raise OverflowError('more than 255 parts in one scene')
            self.entries.append(key)
        return found

    def select(self, owner=None, role=None, part=None):
        """Return the numbers that match everything given."""
        return [
            i
            for i, entry in enumerate(self.entries)
            if i
            and (owner is None or entry[0] == owner)
            and (role is None or entry[2] == role)
            and (part is None or entry[1] == part)
        ]


def fixed(points):
    """Round points in map pixels to OpenCV's fixed point, (N, 2) int32."""
    return np.rint(np.array(points) * (1 << SHIFT)).astype(np.int32)


def fill(plane, shape, number):
    """Fill a convex polygon.

    Args:
        plane (np.ndarray): Map, (2S, 2S) uint8, changed in place.
        shape (np.ndarray): Fixed-point vertices, (N, 2) int32.
        number (int): Value to fill.
    """
    cv2.fillConvexPoly(plane, shape, number, cv2.LINE_8, SHIFT)


def disc(centre, radius):
    """Return the corners of a circle in map pixels."""
    x, y = centre
    return [(x + radius * c, y + radius * s) for c, s in _CIRCLE]


def capsule(p, q, p_radius, q_radius):
    """Return the corners of a limb that tapers from ``p`` to ``q``."""
    dx, dy = q[0] - p[0], q[1] - p[1]
    length = math.sqrt(dx * dx + dy * dy)
    if length < 1e-6:
        dx, dy, length = 1.0, 0.0, 1.0
    ux, uy = p_radius * dx / length, p_radius * dy / length
    vx, vy = q_radius * dx / length, q_radius * dy / length
    (px, py), (qx, qy) = p, q
    points = [(px + c * ux - s * uy, py + c * uy + s * ux) for c, s in _ARC]
    points += [(qx - c * vx + s * vy, qy - c * vy - s * vx) for c, s in _ARC]
    return points


class Pen:
    """Turns camera-frame points into shapes of one owner.

    Args:
        palette (Palette): Where the numbers come from.
        owner (int | str): Person index or object name.
        scale (float): Map pixels in a stature.
        origin (tuple): Map pixel of the camera-frame origin.
        light (tuple): Screen direction towards the light, x right, y down.
    """

    def __init__(self, palette, owner, scale, origin, light):
        self.palette, self.owner, self.light = palette, owner, light
        self.scale, (self.x, self.y) = scale, origin
        self.parts = []
        self._ops = None

    def xy(self, point):
        """Project a camera-frame point to map pixels."""
        return (
            self.x + self.scale * point[0],
            self.y - self.scale * point[1],
        )

    def part(self, depth):
        """Begin a part; parts are drawn from the farthest to the nearest."""
        self._ops = []
        self.parts.append((round(depth, 4), len(self.parts), self._ops))

    def shape(self, corners, part, role, colour, shaded=False):
        """Add the filled convex hull of ``corners`` to the current part."""
        number = self.palette.number(self.owner, part, role, shaded, colour)
        self._ops.append((corners, number))

    def limb(self, p, q, radii, part, role, colour):
        """Add a tapered limb between camera-frame points with a lit side."""
        rp, rq = radii[0] * self.scale, radii[1] * self.scale
        p, q = self.xy(p), self.xy(q)
        self.shape(capsule(p, q, rp, rq), part, role, colour, True)
        lx, ly = self.light
        p = p[0] + 0.33 * rp * lx, p[1] + 0.33 * rp * ly
        q = q[0] + 0.33 * rq * lx, q[1] + 0.33 * rq * ly
        lit = capsule(p, q, 0.7 * rp, 0.7 * rq)
        self.shape(lit, part, role, colour)

    def ring(self, centre, frame, width, depth):
        """Return an elliptic ring across a frame, eight map pixels.

        Args:
            centre (tuple): Camera-frame centre.
            frame (Frame): Axes; the ring lies across ``up``.
            width (float): Half length along ``left`` in statures.
            depth (float): Half length along ``forward`` in statures.
        """
        x, y = self.xy(centre)
        w, d = width * self.scale, depth * self.scale
        lx, ly = w * frame.left[0], -w * frame.left[1]
        fx, fy = d * frame.forward[0], -d * frame.forward[1]
        return [(x + c * lx + s * fx, y + c * ly + s * fy) for c, s in _RING]

    def volume(self, rings, part, role, colour):
        """Add the hull of rings in map pixels, darker away from light."""
        points = [xy for ring in rings for xy in ring]
        self.shape(points, part, role, colour, True)
        bright = []
        for ring in rings:
            xs = [xy[0] for xy in ring]
            middle = sum(xs) / len(xs)
            shift = 0.3 * self.light[0] * (max(xs) - min(xs)) / 2
            bright += [
                (middle + shift + 0.74 * (x - middle), y) for x, y in ring
            ]
        self.shape(bright, part, role, colour)

    def draw(self, plane):
        """Paint all parts into ``plane``, (2S, 2S) uint8, in place."""
        ops = [
            op
            for part in sorted(self.parts, key=lambda part: part[:2])
            for op in part[2]
        ]
        points = fixed([xy for corners, _ in ops for xy in corners])
        start = 0
        for corners, number in ops:
            end = start + len(corners)
            fill(plane, cv2.convexHull(points[start:end]), number)
            start = end
