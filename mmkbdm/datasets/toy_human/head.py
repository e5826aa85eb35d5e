"""Head of a person: skull, face, hair, ears and hat as an ellipsoid.

Source: ours. A cap of the ellipsoid (the face, the crown of a hat) is
projected exactly: the part of its rim that points away from the viewer is
moved onto the silhouette. So the face narrows as the head turns and is gone
when it faces away.
"""

import math

from .canvas import FACE, HAIR, SKIN, capsule, disc
from .skeleton import add, cross, dot, unit

EYE = unit((0.36, 0.1, 0.9))
NOSE = unit((0.0, -0.14, 1.0))
MOUTH = unit((0.0, -0.5, 0.84))
EAR = unit((1.0, -0.06, -0.08))
FACE_AXIS = unit((0.0, -0.3, 1.0))
CROWN_AXIS = unit((0.0, 1.0, -0.12))

_STEPS = tuple(
    (math.cos(math.pi * i / 8), math.sin(math.pi * i / 8)) for i in range(16)
)


class Ellipsoid:
    """An ellipsoid with axes along a frame, seen by the camera.

    Args:
        centre (tuple): Camera-frame centre.
        frame (Frame): Axes.
        radii (tuple): Half lengths along left, up and forward.
    """

    def __init__(self, centre, frame, radii):
        self.centre, self.frame, self.radii = centre, frame, radii
        self.view = unit(
            (
                radii[0] * frame.left[2],
                radii[1] * frame.up[2],
                radii[2] * frame.forward[2],
            )
        )

    def facing(self, direction):
        """Return how far a sphere direction faces the viewer, -1 to 1."""
        return dot(direction, self.view)

    def at(self, direction, lift=1.0):
        """Return the camera-frame point of a sphere direction."""
        x, y, z = (lift * d * r for d, r in zip(direction, self.radii))
        return add(self.centre, self.frame.at(x, y, z))

    def cap(self, pen, axis, angle):
        """Return the visible outline of a cap in map pixels.

        Args:
            pen (Pen): Projects to map pixels.
            axis (tuple): Unit sphere direction of the cap's middle.
            angle (float): Angular radius in degrees.

        Returns:
            list[tuple]: Points, or an empty list for a cap that faces away.
        """
        if self.facing(axis) < -0.3:
            return []
        k, (rx, ry, rz) = pen.scale, self.radii
        x0, y0 = pen.xy(self.centre)
        left, up, forward = self.frame.left, self.frame.up, self.frame.forward
        lx, ly = k * rx * left[0], -k * rx * left[1]
        ux, uy = k * ry * up[0], -k * ry * up[1]
        fx, fy = k * rz * forward[0], -k * rz * forward[1]
        vx, vy, vz = self.view
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        other = (0.0, 1.0, 0.0) if abs(axis[1]) < 0.9 else (1.0, 0.0, 0.0)
        a = unit(cross(axis, other))
        b = cross(axis, a)
        points = []
        for u, v in _STEPS:
            u, v = s * u, s * v
            x = c * axis[0] + u * a[0] + v * b[0]
            y = c * axis[1] + u * a[1] + v * b[1]
            z = c * axis[2] + u * a[2] + v * b[2]
            away = x * vx + y * vy + z * vz
            if away < 0:
                x, y, z = unit((x - away * vx, y - away * vy, z - away * vz))
            points.append(
                (x0 + x * lx + y * ux + z * fx, y0 + x * ly + y * uy + z * fy)
            )
        return points


def skull(skeleton):
    """Return the ellipsoid of a skeleton's head."""
    r = skeleton.build.head
    radii = 0.8 * r, r, 0.9 * r
    return Ellipsoid(skeleton.points['head'], skeleton.head, radii)


def head_joints(skeleton):
    """Return the five face joints and whether each faces the viewer.

    Returns:
        dict[str, tuple]: Camera-frame point and bool by joint name.
    """
    ball = skull(skeleton)
    joints = {'nose': (ball.at(NOSE, 1.1), ball.facing(NOSE) > -0.12)}
    for name, side in (('left', 1.0), ('right', -1.0)):
        eye = side * EYE[0], EYE[1], EYE[2]
        ear = side * EAR[0], EAR[1], EAR[2]
        joints[name + '_eye'] = ball.at(eye), ball.facing(eye) > 0.1
        joints[name + '_ear'] = ball.at(ear, 1.13), True
    return joints


def draw_head(pen, skeleton, look):
    """Add the head's parts to a pen."""
    ball = skull(skeleton)
    depth = skeleton.points['head'][2] + 0.02
    size = pen.scale * skeleton.build.head
    _hair_behind(pen, skeleton, look, ball, depth)
    if look.hair_style != 'long':
        for name, side in (('left', 1.0), ('right', -1.0)):
            _ear(pen, ball, look, name, side, depth, size)
    pen.part(depth)
    bald = look.hair_style == 'bald'
    back = (SKIN, look.skin, 'head') if bald else (HAIR, look.hair, 'hair')
    outline = ball.cap(pen, ball.view, 90.0)
    pen.shape(outline, back[2], back[0], back[1], True)
    lx, ly = pen.light
    x, y = pen.xy(ball.centre)
    lit = [
        (
            x + 0.8 * (px - x) + 0.13 * size * lx,
            y + 0.8 * (py - y) + 0.13 * size * ly,
        )
        for px, py in outline
    ]
    pen.shape(lit, back[2], back[0], back[1])
    _face(pen, ball, look, size)
    if look.hat:
        _hat(pen, ball, look)


def _ear(pen, ball, look, name, side, depth, size):
    direction = side * EAR[0], EAR[1], EAR[2]
    pen.part(depth + (0.004 if ball.facing(direction) > 0.12 else -0.004))
    shape = disc(pen.xy(ball.at(direction, 1.1)), 0.2 * size)
    pen.shape(shape, name + '_ear', SKIN, look.skin, True)


def _hair_behind(pen, skeleton, look, ball, depth):
    if look.hair_style == 'long':
        r = skeleton.build.head
        pen.part(depth - 0.03 - 0.1 * skeleton.head.forward[2])
        ring = [ball.at(d, 1.12) for d in ((1, 0.2, -0.2), (-1, 0.2, -0.2))]
        ring += [
            ball.at(d, 1.1) for d in ((0.6, 0.8, -0.3), (-0.6, 0.8, -0.3))
        ]
        low = add(ball.centre, skeleton.torso.up, -1.75 * r)
        low = add(low, skeleton.torso.forward, -0.55 * r)
        for side in (1, -1):
            ring.append(add(low, skeleton.torso.left, side * 0.85 * r))
            ring.append(add(low, skeleton.torso.forward, side * 0.3 * r))
        pen.volume([[pen.xy(p) for p in ring]], 'hair', HAIR, look.hair)
    elif look.hair_style == 'bun':
        pen.part(
            depth + (0.005 if ball.facing((0, 0.5, -0.8)) > 0 else -0.005)
        )
        centre = pen.xy(ball.at((0, 0.62, -0.9), 1.12))
        shape = disc(centre, 0.42 * pen.scale * skeleton.build.head)
        pen.shape(shape, 'hair', HAIR, look.hair, True)


def _face(pen, ball, look, size):
    flat = ball.cap(pen, FACE_AXIS, 66.0)
    if not flat:
        return
    pen.shape(flat, 'head', SKIN, look.skin, True)
    lx = pen.light[0]
    cx = sum(p[0] for p in flat) / len(flat)
    lit = [(cx + 0.82 * (x - cx) + 0.1 * size * lx, y) for x, y in flat]
    pen.shape(lit, 'head', SKIN, look.skin)
    if ball.facing(NOSE) > -0.12:
        nose = pen.xy(ball.at(NOSE, 1.04))
        pen.shape(disc(nose, 0.14 * size), 'head', SKIN, look.skin, True)
    for side in (1.0, -1.0):
        eye = side * EYE[0], EYE[1], EYE[2]
        if ball.facing(eye) > 0.1:
            _eye(pen, ball, look, eye, side, size)
    if ball.facing(MOUTH) > 0.12:
        corners = [
            pen.xy(ball.at(unit((s * 0.26, -0.48, 0.84)))) for s in (1, -1)
        ]
        low = pen.xy(ball.at(unit((0.0, -0.57, 0.82))))
        shape = [*corners, low]
        pen.shape(shape, 'head', FACE, (60, 50, 150))


def _eye(pen, ball, look, eye, side, size):
    x, y = pen.xy(ball.at(eye))
    if size > 11:
        white = disc((x, y), 0.17 * size)
        pen.shape(white, 'head', FACE, (245, 245, 245))
    pen.shape(disc((x, y), 0.115 * size), 'head', FACE, (30, 25, 25))
    inner = unit((side * 0.2, 0.36, 0.9))
    outer = unit((side * 0.55, 0.36, 0.75))
    brow = capsule(
        pen.xy(ball.at(inner)),
        pen.xy(ball.at(outer)),
        0.05 * size,
        0.04 * size,
    )
    pen.shape(brow, 'head', FACE, look.hair)


def _hat(pen, ball, look):
    crown = ball.cap(pen, CROWN_AXIS, 62.0)
    if not crown:
        return
    x, y = pen.xy(ball.centre)
    flat = [(x + 1.1 * (px - x), y + 1.1 * (py - y)) for px, py in crown]
    pen.shape(flat, 'hair', HAIR, look.hat)
    if ball.facing((0.0, 0.4, 0.9)) > -0.3:
        rim = [
            pen.xy(ball.at(d, lift))
            for d, lift in (
                ((0.6, 0.42, 0.7), 1.1),
                ((-0.6, 0.42, 0.7), 1.1),
                ((0.4, 0.45, 1.2), 1.15),
                ((-0.4, 0.45, 1.2), 1.15),
            )
        ]
        pen.shape(rim, 'hair', HAIR, look.hat, True)
