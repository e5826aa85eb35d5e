"""A 3-D articulated skeleton and its COCO joints.

Source: ours. Lengths are in statures (an adult standing is about 1 high).
The body frame has x to the person's left, y up, z forward. The camera frame
has x to the right of the image, y up and z (``depth``) towards the viewer,
so that a person with yaw 0 faces the camera and shows the left hand on the
right of the image. Vectors are tuples of three floats, angles are degrees.
"""

import math
from dataclasses import dataclass

from .sampling import jitter, uniform

KEYPOINT_NAMES = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear',
    'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow',
    'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee',
    'right_knee', 'left_ankle', 'right_ankle')  # fmt: skip

# 1-based joint pairs, in the order of COCO's own annotation files
COCO_SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13),
    (6, 7), (6, 8), (7, 9), (8, 10), (9, 11), (2, 3), (1, 2), (1, 3),
    (2, 4), (3, 5), (4, 6), (5, 7))  # fmt: skip

SIDES = (('left', 1.0), ('right', -1.0))


def add(a, b, k=1.0):
    """Return ``a + k * b``."""
    return a[0] + k * b[0], a[1] + k * b[1], a[2] + k * b[2]


def mix(a, b, t):
    """Return the point at fraction ``t`` of the way from ``a`` to ``b``."""
    return tuple(p + t * (q - p) for p, q in zip(a, b))


def dot(a, b):
    """Return the scalar product of two vectors."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a, b):
    """Return the vector product of two vectors."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def unit(a):
    """Return ``a`` scaled to length one (x if it has no length)."""
    length = math.sqrt(dot(a, a))
    if length < 1e-9:
        return 1.0, 0.0, 0.0
    return a[0] / length, a[1] / length, a[2] / length


class Frame:
    """Three orthonormal axes: to the left, up and forward.

    Args:
        left (tuple): Axis of the person's left side.
        up (tuple): Axis towards the head.
        forward (tuple): Axis of the gaze.
    """

    __slots__ = ('forward', 'left', 'up')

    def __init__(self, left, up, forward):
        self.left, self.up, self.forward = left, up, forward

    def at(self, x, y, z):
        """Return the vector with coordinates ``(x, y, z)`` in this frame."""
        a, b, c = self.left, self.up, self.forward
        return (
            x * a[0] + y * b[0] + z * c[0],
            x * a[1] + y * b[1] + z * c[1],
            x * a[2] + y * b[2] + z * c[2],
        )

    def turned(self, yaw=0.0, pitch=0.0, roll=0.0):
        """Return this frame turned about its own axes.

        Args:
            yaw (float): Degrees to the person's left, about ``up``.
            pitch (float): Degrees forward and down, about ``left``.
            roll (float): Degrees of ``up`` towards ``left``.
        """
        c, s = _cos_sin(yaw)
        yawed = Frame(self.at(c, 0, -s), self.up, self.at(s, 0, c))
        c, s = _cos_sin(pitch)
        bent = Frame(yawed.left, yawed.at(0, c, s), yawed.at(0, -s, c))
        c, s = _cos_sin(roll)
        return Frame(bent.at(c, -s, 0), bent.at(s, c, 0), bent.forward)

    def limb(self, side, elevation, azimuth):
        """Return the unit direction of a limb.

        Args:
            side (float): 1 for a left limb, -1 for a right one.
            elevation (float): Degrees from straight down (0) to straight
                up (180).
            azimuth (float): Degrees from outward (0) over forward (90) to
                inward (180); backward is -90.
        """
        ce, se = _cos_sin(elevation)
        ca, sa = _cos_sin(azimuth)
        return self.at(side * se * ca, -ce, se * sa)


def _cos_sin(degrees):
    radians = math.radians(degrees)
    return math.cos(radians), math.sin(radians)


@dataclass
class Build:
    """Lengths of one person in statures."""

    head: float  # half of the head's height
    shoulder: float  # half of the distance between the shoulder joints
    hip: float  # half of the distance between the hip joints
    torso: float
    neck: float
    upper_arm: float
    forearm: float
    thigh: float
    shin: float
    foot: float
    girth: float  # factor on every radius
    waist: float  # half of the width of the waist


def sample_build(rng, head_factor=1.0):
    """Draw the proportions of an adult.

    Args:
        rng (np.random.Generator): Source of randomness.
        head_factor (float): Factor on the head, above 1 for drawings that
            exaggerate it.

    Returns:
        Build: Lengths in statures.
    """
    slim = rng.random()
    arms, legs = 1 + jitter(rng, 0.1), 1 + jitter(rng, 0.1)
    return Build(
        head=uniform(rng, 0.077, 0.088) * head_factor,
        shoulder=0.128 - 0.026 * slim + jitter(rng, 0.006),
        hip=0.058 + 0.012 * slim,
        torso=uniform(rng, 0.275, 0.315),
        neck=uniform(rng, 0.035, 0.05),
        upper_arm=0.172 * arms,
        forearm=0.152 * arms,
        thigh=0.235 * legs,
        shin=0.228 * legs,
        foot=uniform(rng, 0.095, 0.115),
        girth=uniform(rng, 0.9, 1.22),
        waist=uniform(rng, 0.072, 0.092),
    )


class Skeleton:
    """A posed person in the camera frame.

    Args:
        build (Build): Lengths in statures.
        pose (Pose): Angles in degrees.
        yaw (float): 0 faces the camera, 90 looks to the right of the image,
            180 faces away.
        pitch (float): Camera elevation; positive looks down at the person.
        roll (float): In-plane rotation, anticlockwise.

    Attributes:
        points (dict[str, tuple]): Joints and drawing points, camera frame,
            origin between the hips.
        pelvis, torso, head (Frame): Axes in the camera frame.
    """

    def __init__(self, build, pose, yaw=0.0, pitch=0.0, roll=0.0):
        world = _camera(yaw, pitch, roll + pose.roll)
        self.build, self.pelvis = build, world
        self.torso = world.turned(pose.twist, pose.lean, pose.side)
        self.head = self.torso.turned(pose.head_yaw, pose.head_pitch)
        self.points = points = {'pelvis': (0.0, 0.0, 0.0)}
        points['neck'] = self.torso.at(0, build.torso, 0)
        self._pose_head(points, build)
        for (name, side), arm, leg in zip(SIDES, pose.arms, pose.legs):
            self._pose_arm(points, build, name, side, arm)
            self._pose_leg(points, build, name, side, leg)

    def _pose_head(self, points, build):
        top = add(points['neck'], self.torso.up, build.neck)
        centre = add(top, self.head.up, 0.72 * build.head)
        points['head'] = add(centre, self.head.forward, 0.15 * build.head)

    def _pose_arm(self, points, build, name, side, arm):
        up_elevation, up_azimuth, elevation, azimuth = arm
        lift = 0.035 * max(0.0, (up_elevation - 80) / 100)
        shoulder = add(
            points['neck'],
            self.torso.at(side * build.shoulder, lift - 0.03, 0),
        )
        elbow = add(
            shoulder,
            self.torso.limb(side, up_elevation, up_azimuth),
            build.upper_arm,
        )
        along = self.torso.limb(side, elevation, azimuth)
        wrist = add(elbow, along, build.forearm)
        points[name + '_shoulder'] = shoulder
        points[name + '_elbow'] = elbow
        points[name + '_wrist'] = wrist
        points[name + '_hand'] = add(wrist, along, 0.045)

    def _pose_leg(self, points, build, name, side, leg):
        up_elevation, up_azimuth, elevation, azimuth = leg
        hip = self.pelvis.at(side * build.hip, 0, 0)
        thigh = self.pelvis.limb(side, up_elevation, up_azimuth)
        along = self.pelvis.limb(side, elevation, azimuth)
        knee = add(hip, thigh, build.thigh)
        ankle = add(knee, along, build.shin)
        toe = unit(cross(along, self.pelvis.left))
        toe = unit(add(add(toe, along, 0.25), self.pelvis.left, side * 0.3))
        points[name + '_hip'] = hip
        points[name + '_knee'] = knee
        points[name + '_ankle'] = ankle
        points[name + '_heel'] = add(ankle, along, 0.025)
        points[name + '_toe'] = add(add(ankle, along, 0.025), toe, build.foot)


def _camera(yaw, pitch, roll):
    """Return the body axes as seen by the camera."""
    body = Frame((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    cy, sy = _cos_sin(yaw)
    cp, sp = _cos_sin(pitch)
    cr, sr = _cos_sin(roll)

    def turn(v):
        x, z = cy * v[0] + sy * v[2], -sy * v[0] + cy * v[2]
        y, z = cp * v[1] - sp * z, sp * v[1] + cp * z
        return cr * x - sr * y, sr * x + cr * y, z

    return Frame(turn(body.left), turn(body.up), turn(body.forward))
