"""Choose poses, clothes, sizes and places for one scene.

Source: ours. A layout in which somebody is mostly hidden, or shows none of
the shirt that the caption names, is thrown away and drawn again.
"""

from .body import sample_look
from .canvas import SUPERSAMPLE
from .poses import sample_pose, sample_yaw
from .props import SIZES, half_width
from .sampling import (
    chance,
    jitter,
    pick,
    pick_weighted,
    shuffled,
    uniform,
)
from .scene import Person, Prop, Scene, extents
from .skeleton import Skeleton, sample_build

MAX_PEOPLE = 4
_NUMBER_WEIGHTS = (0.48, 0.28, 0.15, 0.09)
# stature in image heights by the number of people
_STATURES = {2: (0.58, 0.86), 3: (0.5, 0.72), 4: (0.44, 0.62)}
_TRIES = 12


def sample_scene(rng, size, max_people, head_factor=1.0):
    """Draw a scene in which every caption word can be seen.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Width and height of the image in pixels.
        max_people (int): Largest number of people, 1 to 4.
        head_factor (float): Factor on the size of heads.

    Returns:
        Scene: Painted scene with 1 to ``max_people`` people.
    """
    count = pick_weighted(
        rng, range(1, max_people + 1), _NUMBER_WEIGHTS[:max_people]
    )
    for attempt in range(_TRIES):
        if attempt == _TRIES // 2:
            count = 1
        scene = _layout(rng, size, count, head_factor)
        if _readable(scene):
            return scene
    return scene


def _layout(rng, size, count, head_factor):
    side = SUPERSAMPLE * size
    light = (0.6 if chance(rng, 0.5) else -0.6), -0.7
    pitch = uniform(rng, -4, 16)
    truncate = chance(rng, 0.12)
    common = uniform(rng, *_STATURES[count]) if count > 1 else None
    huddled = chance(rng, 0.35)
    spread = uniform(rng, 0.4, 0.6) if huddled else uniform(rng, 0.62, 1.0)
    people, taken = [], []
    for slot in shuffled(rng, range(count)):
        place = (slot + 0.5) / count - 0.5
        centre = 0.5 + spread * place + jitter(rng, 0.06)
        person = _person(
            rng, side, common, centre, pitch, truncate, head_factor, taken
        )
        taken.append(person.look.shirt_name)
        people.append(person)
    people.sort(key=lambda person: round(person.origin[0]))
    props = []
    if chance(rng, 0.55):
        props.append(_prop(rng, side, people))
    return Scene(size, people, props, light, rng)


def _person(rng, side, common, centre, pitch, truncate, head, taken):
    look = sample_look(rng, taken)
    pose = sample_pose(rng)
    build = sample_build(rng, head)
    yaw = sample_yaw(rng, pose.name)
    skeleton = Skeleton(build, pose, yaw, pitch, jitter(rng, 9))
    left, bottom, right, top = extents(skeleton)
    height, width = top - bottom, right - left
    if common is None:
        stature = min(uniform(rng, 0.55, 0.95) / height, 1.15)
        centre = 0.5 + jitter(rng, 0.16)
    else:
        child = 0.72 if chance(rng, 0.12) else 1.0
        stature = common * child * (1 + jitter(rng, 0.1))
    if truncate:
        stature *= 1.35
    else:
        stature = min(stature, 0.96 / width, 0.95 / (height + pose.airborne))
    scale = stature * side
    margin = 0.01
    low = uniform(rng, 0.85, 0.98)
    low = max(low, (height + pose.airborne) * stature + margin)
    if not truncate:
        low = min(low, 0.99)
        centre = max(centre, 0.5 * width * stature + margin)
        centre = min(centre, 1 - 0.5 * width * stature - margin)
    ground = low * side
    x = centre * side - 0.5 * (left + right) * scale
    y = ground + (bottom - pose.airborne) * scale
    return Person(pose, look, skeleton, scale, (x, y), ground)


def _prop(rng, side, people):
    name = pick(rng, tuple(SIZES))
    near = pick(rng, people)
    scale = uniform(rng, *SIZES[name]) * near.scale
    front = chance(rng, 0.55)
    offset = uniform(rng, 0.02, 0.2) if front else uniform(rng, 0.2, 0.42)
    sign = 1 if chance(rng, 0.5) else -1
    x = near.origin[0] + sign * offset * near.scale
    half = half_width(name) * scale
    x = max(0.7 * half, min(x, side - 0.7 * half))
    shift = uniform(rng, 0.01, 0.05) if front else -uniform(rng, 0, 0.05)
    ground = near.ground + shift * side
    foot = ground
    if name == 'balloon':
        foot -= uniform(rng, 0.25, 0.5) * near.scale
    return Prop(name, scale, (x, min(foot, 1.04 * side)), ground)


def _readable(scene):
    for i, person in enumerate(scene.people):
        seen = scene.visible(owner=i)
        if person.area == 0 or seen < 0.42 * person.area:
            return False
        if scene.shirt_visible(i) < 0.05 * person.area:
            return False
        values = scene.visibility(i)
        if sum(value > 0 for value in values) < 11:
            return False
        if sum(value == 2 for value in values) < 5:
            return False
    return True
