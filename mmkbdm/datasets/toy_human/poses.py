"""Pose archetypes: joint angles, how to see them and how to name them.

Source: ours. An arm or leg is four angles in degrees: elevation and azimuth
of its upper segment, then of its lower one (see :meth:`Frame.limb`). Arms
turn with the torso, legs with the pelvis. Archetypes are written for one
side; :func:`sample_pose` mirrors half of them.
"""

from dataclasses import dataclass

from .sampling import chance, jitter, pick_weighted, uniform

DOWN = (10, 20, 12, 60)
STRAIGHT = (5, 0, 4, -60)


@dataclass
class Pose:
    """Angles of one person in degrees.

    Attributes:
        name (str): Key of the archetype in :data:`ARCHETYPES`.
        arms (tuple): Left and right arm, four angles each.
        legs (tuple): Left and right leg, four angles each.
        lean, side, twist (float): Torso bent forward, to the left, turned.
        head_yaw, head_pitch (float): Head turned and nodding.
        roll (float): In-plane rotation that belongs to the pose.
        airborne (float): Height of the lowest point above the ground, in
            statures.
    """

    name: str
    arms: tuple
    legs: tuple
    lean: float = 0.0
    side: float = 0.0
    twist: float = 0.0
    head_yaw: float = 0.0
    head_pitch: float = 0.0
    roll: float = 0.0
    airborne: float = 0.0


@dataclass(frozen=True)
class Archetype:
    """One family of poses.

    Attributes:
        phrase (str): What the caption says the person does.
        arms, legs (tuple): Two limbs of four angles; the first is the left
            one before mirroring.
        view (str): ``'front'``, ``'side'`` or ``'any'``: from where the
            pose can be read.
        weight (float): How often it is drawn.
        lean (float): Forward bend of the torso.
        roll, airborne (float): See :class:`Pose`.
        spread (float): Largest deviation of every angle.
        seat (bool): Whether the person needs a stool.
    """

    phrase: str
    arms: tuple
    legs: tuple
    view: str = 'any'
    weight: float = 1.0
    lean: float = 0.0
    roll: float = 0.0
    airborne: float = 0.0
    spread: float = 10.0
    seat: bool = False


STAND = (STRAIGHT, STRAIGHT)
STRIDE = ((24, -90, 50, -90), (26, 90, 4, 90))

ARCHETYPES = {
    'standing': Archetype('standing', (DOWN, DOWN), STAND, weight=1.2),
    'legs_apart': Archetype(
        'standing', ((22, 10, 26, 30), DOWN), ((17, 0, 15, 0),) * 2, 'front'
    ),
    'walking': Archetype(
        'walking',
        ((28, 88, 50, 92), (28, -85, 12, -40)),
        STRIDE,
        'side',
        weight=1.6,
        lean=4,
    ),
    'running': Archetype(
        'running',
        ((45, 80, 112, 95), (55, -85, 62, 80)),
        ((28, -88, 100, -90), (68, 90, 12, -90)),
        'side',
        weight=1.8,
        lean=13,
        airborne=0.02,
    ),
    'one_arm_up': Archetype(
        'raising one arm', ((163, 25, 172, 40), DOWN), STAND, weight=1.3
    ),
    'both_arms_up': Archetype(
        'raising both arms', ((152, 15, 164, 20),) * 2, STAND, 'front', 1.5
    ),
    'waving': Archetype(
        'waving', ((92, 12, 162, 20), DOWN), STAND, 'front', weight=1.5
    ),
    'sitting': Archetype(
        'sitting',
        ((22, 60, 62, 98),) * 2,
        ((84, 76, 6, -60),) * 2,
        weight=1.6,
        lean=4,
        spread=7,
        seat=True,
    ),
    'sitting_floor': Archetype(
        'sitting',
        ((36, -75, 22, -80),) * 2,
        ((84, 78, 84, 85), (118, 82, 38, 95)),
        'side',
        lean=-12,
        spread=7,
    ),
    'crouching': Archetype(
        'crouching',
        ((48, 75, 62, 95),) * 2,
        ((104, 66, 28, -80),) * 2,
        weight=1.2,
        lean=28,
        spread=8,
    ),
    'kneeling': Archetype(
        'kneeling',
        (DOWN, (32, 70, 75, 100)),
        ((6, -30, 94, -90), (86, 82, 4, -60)),
        'side',
        lean=4,
        spread=7,
    ),
    'jumping': Archetype(
        'jumping',
        ((138, 8, 150, 15),) * 2,
        ((36, 20, 30, -40), (44, 40, 52, -75)),
        'front',
        weight=1.5,
        airborne=0.12,
        spread=14,
    ),
    'arms_out': Archetype(
        'stretching both arms out', ((90, 5, 90, 5),) * 2, STAND, 'front', 1.4
    ),
    'hands_on_hips': Archetype(
        'with hands on hips',
        ((44, -22, 44, 160),) * 2,
        ((9, 0, 8, -10),) * 2,
        'front',
        weight=1.3,
        spread=5,
    ),
    'kicking': Archetype(
        'kicking',
        ((62, 20, 70, 40), (58, -40, 52, 0)),
        ((84, 82, 76, 86), (6, -60, 10, -80)),
        'side',
        weight=1.4,
        lean=-12,
    ),
    'pointing': Archetype(
        'pointing', ((90, 78, 91, 80), DOWN), STAND, 'side', spread=7
    ),
    'lunging': Archetype(
        'lunging',
        ((58, 60, 80, 80), (48, -60, 40, 20)),
        ((76, 84, 2, 90), (46, -88, 56, -88)),
        'side',
        weight=1.2,
    ),
    'bowing': Archetype(
        'bowing', ((52, 88, 50, 92),) * 2, STAND, 'side', 0.7, lean=56
    ),
    'dancing': Archetype(
        'dancing',
        ((142, 5, 128, 160), (74, 5, 96, 30)),
        ((52, 30, 40, 178), (4, 0, 3, 0)),
        'front',
        weight=1.4,
        spread=14,
    ),
    'lying': Archetype(
        'lying down', ((24, 40, 34, 90), DOWN), STAND, 'any', 0.5, roll=90
    ),
    'handstand': Archetype(
        'doing a handstand',
        ((172, 10, 177, 0),) * 2,
        ((18, 0, 20, -30), (8, 60, 30, -80)),
        'any',
        0.5,
        roll=180,
        spread=7,
    ),
}


def sample_pose(rng, name=None):
    """Draw a pose.

    Args:
        rng (np.random.Generator): Source of randomness.
        name (str, optional): Key of :data:`ARCHETYPES`; drawn by weight
            when not given.

    Returns:
        Pose: The jittered, perhaps mirrored archetype.
    """
    if name is None:
        names = list(ARCHETYPES)
        weights = [ARCHETYPES[key].weight for key in names]
        name = pick_weighted(rng, names, weights)
    kind = ARCHETYPES[name]
    arms = [_vary(rng, arm, kind.spread) for arm in kind.arms]
    legs = [_vary(rng, leg, 0.6 * kind.spread) for leg in kind.legs]
    roll = kind.roll
    if chance(rng, 0.5):
        arms.reverse()
        legs.reverse()
        roll = -roll
    return Pose(
        name,
        tuple(arms),
        tuple(legs),
        lean=kind.lean + jitter(rng, 6),
        side=jitter(rng, 6),
        twist=jitter(rng, 14),
        head_yaw=jitter(rng, 40),
        head_pitch=jitter(rng, 14) - 0.45 * max(0.0, kind.lean - 10),
        roll=roll,
        airborne=kind.airborne,
    )


def sample_yaw(rng, name):
    """Draw the direction from which an archetype is seen, in degrees."""
    view = ARCHETYPES[name].view
    sign = 1 if chance(rng, 0.5) else -1
    if view == 'front':
        away = 180 if chance(rng, 0.16) else 0
        return away + sign * uniform(rng, 0, 42)
    if view == 'side':
        if chance(rng, 0.12):
            return 180 + sign * uniform(rng, 20, 70)
        return sign * uniform(rng, 28, 92)
    away = 180 if chance(rng, 0.16) else 0
    return away + sign * uniform(rng, 0, 78)


def _vary(rng, limb, spread):
    return tuple(angle + jitter(rng, spread) for angle in limb)
