"""The same pixels on every machine."""

import os
import subprocess
import sys

import pytest

PIXELS = '5138692fedb348c0a3e75c1b2079ade119d1093f43da0f3a92c4178a2a46aaf0'
CODE = """
import hashlib
from mmkbdm.datasets.toy_human import render_image
from mmkbdm.datasets.toy_human.styles import STYLES

digest = hashlib.sha256()
for k, style in enumerate(STYLES):
    for i in range(3):
        size = 64 + 32 * (i % 2)
        toy = render_image((0, k, i), size=size, style=style)
        digest.update(toy.image.tobytes())
print(digest.hexdigest())
"""


@pytest.mark.parametrize(
    'environment',
    [
        {},
        # What an older processor would run.
        {
            'OPENCV_CPU_DISABLE': 'AVX2,AVX,FP16',
            'OPENCV_IPP': 'disabled',
            'NPY_DISABLE_CPU_FEATURES': 'AVX2,FMA3',
        },
    ],
    ids=['this processor', 'an older one'],
)
def test_pixels_do_not_depend_on_the_processor(environment):
    """Thirty images in all styles; a change of the renderer changes them."""
    done = subprocess.run(
        [sys.executable, '-c', CODE],
        env=dict(os.environ, **environment),
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == PIXELS, done.stderr
