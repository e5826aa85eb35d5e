"""A scene: who stands where, what hides whom, and the truth about it.

Source: ours. Every person and object is painted into a map of its own and
pasted over those behind it. What is left of a person in the final map
decides which joints are visible; the map of its own is the whole silhouette.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from .body import Look, draw_body
from .canvas import SHIRT, SUPERSAMPLE, Palette, Pen, disc, fill, fixed
from .head import head_joints
from .poses import ARCHETYPES, Pose
from .props import draw_prop, draw_stool
from .skeleton import KEYPOINT_NAMES, SIDES, Skeleton, add

_TRUNK = ('torso', 'pelvis', 'skirt')


def _adjacent_parts():
    table = {'nose': ('head',)}
    for side, _ in SIDES:
        table[side + '_eye'] = ('head',)
        table[side + '_ear'] = (side + '_ear',)
        chain = ('torso', 'upper_arm', 'forearm', 'hand')
        for i, joint in enumerate(('shoulder', 'elbow', 'wrist')):
            table[f'{side}_{joint}'] = tuple(
                part if part == 'torso' else f'{side}_{part}'
                for part in chain[i : i + 2]
            )
        table[side + '_hip'] = (*_TRUNK, side + '_thigh')
        table[side + '_knee'] = (side + '_thigh', side + '_shin')
        table[side + '_ankle'] = (side + '_shin', side + '_foot')
    return table


ADJACENT = _adjacent_parts()


@dataclass
class Person:
    """One placed person.

    Attributes:
        pose (Pose): Angles and archetype.
        look (Look): Clothes.
        skeleton (Skeleton): Camera-frame points in statures.
        scale (float): Map pixels in a stature.
        origin (tuple): Map pixel of the point between the hips.
        ground (float): Height of the ground below the person, map pixels.
        joints (np.ndarray): (17, 2) float64, map pixels.
        faces (dict): Whether each face joint is turned to the viewer.
        mask (np.ndarray): Whole silhouette, (2S, 2S) uint8, nonzero inside.
        area (int): Map pixels of the silhouette.
    """

    pose: Pose
    look: Look
    skeleton: Skeleton
    scale: float
    origin: tuple
    ground: float
    joints: np.ndarray = None
    faces: dict = field(default_factory=dict)
    mask: np.ndarray = None
    area: int = 0

    @property
    def phrase(self):
        """What the caption says the person does."""
        return ARCHETYPES[self.pose.name].phrase


@dataclass
class Prop:
    """One placed object.

    Attributes:
        name (str): Word used in the caption.
        scale (float): Height in map pixels.
        origin (tuple): Map pixel of the middle of its foot.
        ground (float): Sorts it among the people; larger is nearer.
        area (int): Map pixels of its silhouette.
        cover (int): Map pixels of people behind it that it hides.
    """

    name: str
    scale: float
    origin: tuple
    ground: float
    area: int = 0
    cover: int = 0


class Scene:
    """People and objects painted from back to front.

    Args:
        size (int): Width and height of the final image in pixels.
        people (list[Person]): Placed people, in the order of annotations.
        props (list[Prop]): Placed objects.
        light (tuple): Screen direction towards the light.
        rng (np.random.Generator): Chooses colours of objects.

    Attributes:
        index (np.ndarray): Part number of every map pixel, (2S, 2S) uint8.
        palette (Palette): What the numbers mean.
        shadow (np.ndarray): Contact shadows, (S, S) uint8, 255 inside.
        counts (list[int]): Map pixels of each of the 256 numbers.
    """

    def __init__(self, size, people, props, light, rng):
        self.size, self.people, self.props = size, people, props
        self.light, self.palette = light, Palette()
        side = SUPERSAMPLE * size
        self.index = np.zeros((side, side), np.uint8)
        self.shadow = np.zeros((size, size), np.uint8)
        placed = [(p.ground, i, p) for i, p in enumerate(people)]
        placed += [(p.ground, 99, p) for p in props]
        for _, i, item in sorted(placed, key=lambda entry: entry[:2]):
            if isinstance(item, Person):
                self._paint_person(i, item)
            else:
                self._paint_prop(item, rng)
        self.counts = _histogram(self.index)

    def visible(self, **what):
        """Return how many map pixels match :meth:`Palette.select`."""
        return sum(self.counts[i] for i in self.palette.select(**what))

    def _paint_person(self, i, person):
        skeleton, scale = person.skeleton, person.scale
        if ARCHETYPES[person.pose.name].seat:
            self._paint_stool(person)
        pen = Pen(self.palette, i, scale, person.origin, self.light)
        draw_body(pen, skeleton, person.look)
        points = dict(skeleton.points)
        for name, (point, faces) in head_joints(skeleton).items():
            points[name], person.faces[name] = point, faces
        person.joints = np.array(
            [pen.xy(points[name]) for name in KEYPOINT_NAMES]
        )
        person.mask = self._paste(pen)
        person.area = cv2.countNonZero(person.mask)
        self._shade_ground(person.origin[0], person.ground, 0.2 * scale)

    def _paint_stool(self, person):
        pen = Pen(
            self.palette, 'stool', person.scale, person.origin, self.light
        )
        skeleton = person.skeleton
        floor = min(skeleton.points[name + '_heel'][1] for name, _ in SIDES)
        seat = -0.05 * skeleton.build.girth
        draw_stool(pen, skeleton.pelvis, seat, min(floor, seat - 0.06))
        self._paste(pen)

    def _paint_prop(self, prop, rng):
        pen = Pen(self.palette, prop.name, prop.scale, prop.origin, self.light)
        draw_prop(pen, prop.name, rng)
        before = np.array(self.index) if self.people else self.index
        plane = self._paste(pen)
        prop.area = cv2.countNonZero(plane)
        people = [
            i
            for i, entry in enumerate(self.palette.entries)
            if isinstance(entry[0], int)
        ]
        if people and prop.area:
            covered = _histogram(before, plane)
            prop.cover = sum(covered[i] for i in people)
        self._shade_ground(prop.origin[0], prop.ground, 0.35 * prop.scale)

    def _paste(self, pen):
        plane = np.zeros_like(self.index)
        pen.draw(plane)
        cv2.copyTo(plane, plane, self.index)
        return plane

    def _shade_ground(self, x, y, radius):
        x, y, r = (v / SUPERSAMPLE for v in (x, y, radius))
        shape = [(x + u, y + 0.25 * v) for u, v in disc((0.0, 0.0), r)]
        fill(self.shadow, fixed(shape), 255)

    def visibility(self, i):
        """Return the COCO visibility of the joints of person ``i``.

        A joint is visible (2) when the map at its pixel shows a part of the
        same person next to that joint, and, for the face, when it is turned
        to the viewer; a shoulder or hip on the far side of the trunk is
        hidden (1). A joint outside the image is 0.

        Returns:
            list[int]: Seventeen values in {0, 1, 2}.
        """
        person, side = self.people[i], self.index.shape[0]
        values = []
        for name, (x, y) in zip(KEYPOINT_NAMES, person.joints.tolist()):
            column, row = round(x), round(y)
            if not (0 < column < side - 1 and 0 < row < side - 1):
                values.append(0)
                continue
            entry = self.palette.entries[self.index[row, column]]
            seen = entry[0] == i and entry[1] in ADJACENT[name]
            if seen and not person.faces.get(name, True):
                seen = False
            if seen and entry[1] in _TRUNK:
                seen = not _behind_trunk(person.skeleton, name)
            values.append(2 if seen else 1)
        return values

    def shirt_visible(self, i):
        """Return the map pixels where the shirt of person ``i`` shows."""
        return self.visible(owner=i, role=SHIRT)


def _histogram(plane, mask=None):
    counts = cv2.calcHist([plane], [0], mask, [256], [0, 256])
    return counts.ravel().astype(np.int64).tolist()


def _behind_trunk(skeleton, name):
    frame = skeleton.torso if 'shoulder' in name else skeleton.pelvis
    side = 1.0 if name.startswith('left') else -1.0
    return side * frame.left[2] < -0.78


def extents(skeleton):
    """Return the box around a skeleton with flesh, statures, y up.

    Returns:
        tuple: ``(left, bottom, right, top)`` from the point between the
        hips.
    """
    r = 1.05 * skeleton.build.head
    head = skeleton.points['head']
    xs, ys = [head[0] - r, head[0] + r], [head[1] - r, head[1] + r]
    for name, point in skeleton.points.items():
        pad = 0.028 if name.endswith(('hand', 'toe', 'heel')) else 0.04
        xs += [point[0] - pad, point[0] + pad]
        ys += [point[1] - pad, point[1] + pad]
    hips = add(skeleton.points['pelvis'], skeleton.pelvis.up, -0.07)
    ys.append(hips[1])
    return min(xs), min(ys), max(xs), max(ys)
