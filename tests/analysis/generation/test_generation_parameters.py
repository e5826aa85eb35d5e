"""Sizes of every part at the architecture of Stable Diffusion 1.5."""

import pytest

from mmkbdm.analysis.generation.parameters import count_parts, in_all
from mmkbdm.analysis.generation.variants import VARIANTS, build_variants

FROZEN = {
    'UNet, frozen': 859_520_964,
    'VAE, frozen': 83_653_863,
    # That of Stable Diffusion, and a projection of 768 x 768.
    'text encoder, frozen': 123_060_480 + 768**2,
}
KNOWLEDGE = {
    'codebook': 1_052_672,
    'text to code': 1_314_304,
    'part pooling': 67_328,
}
PARTS = {
    'Stable Diffusion': {},
    'ControlNet': {'ControlNet': 361_279_120},
}
PARTS['Stable-Pose-style'] = PARTS['ControlNet'] | {
    'masked attention': 3_500_352
}
PARTS['+ DM'] = PARTS['Stable-Pose-style'] | {'dynamic mask': 64}
PARTS['+ KB'] = PARTS['Stable-Pose-style'] | KNOWLEDGE | {'FiLM': 1_416_195}
PARTS['KB-DMGen'] = PARTS['+ KB'] | PARTS['+ DM']
PARTS['KB-DMGen, 3x3 FiLM'] = PARTS['KB-DMGen'] | {'FiLM': 67_364_995}


@pytest.fixture(scope='module')
def counts():
    models = build_variants(VARIANTS, 'sd15', 'meta')
    return {name: count_parts(model) for name, model in models.items()}


@pytest.mark.parametrize('name', VARIANTS)
def test_every_part(counts, name):
    there = {part: count for part, count in counts[name].items() if count}
    assert there == FROZEN | PARTS[name]


def test_in_all(counts):
    """Beside the paper's +106 M over Stable-Pose, 67.3 M of it FiLM."""
    base = in_all(counts['Stable-Pose-style'])
    more = {name: in_all(one) - base for name, one in counts.items()}
    assert more['ControlNet'] == -3_500_352
    assert more['KB-DMGen'] == 3_850_563
    assert more['KB-DMGen, 3x3 FiLM'] == 69_799_363
    frozen = sum(FROZEN.values())
    assert in_all(counts['Stable Diffusion'], frozen=True) == frozen
