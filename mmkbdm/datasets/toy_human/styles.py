"""The ten visual styles, named like Human-Art's drawn and painted scenarios.

Source: ours; the names follow Human-Art (arXiv:2303.02760).
"""

from .layers import Layers
from .styles_drawn import (
    cartoon,
    ink_painting,
    kids_drawing,
    shadow_play,
    sketch,
)
from .styles_painted import (
    digital_art,
    mural,
    oil_painting,
    stained_glass,
    watercolor,
)

STYLES = {
    'cartoon': cartoon,
    'digital_art': digital_art,
    'ink_painting': ink_painting,
    'kids_drawing': kids_drawing,
    'mural': mural,
    'oil_painting': oil_painting,
    'shadow_play': shadow_play,
    'sketch': sketch,
    'stained_glass': stained_glass,
    'watercolor': watercolor,
}

# drawings that exaggerate heads
HEAD_FACTORS = {'cartoon': 1.18, 'kids_drawing': 1.35}


def render_style(rng, scene, style):
    """Colour a painted scene.

    Args:
        rng (np.random.Generator): Source of randomness.
        scene (Scene): Painted scene.
        style (str): Key of :data:`STYLES`.

    Returns:
        np.ndarray: BGR image, (S, S, 3) uint8.
    """
    return STYLES[style](rng, Layers(scene))
