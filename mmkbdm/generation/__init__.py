"""Running generators: from conditions to files of images.

What a generator is, says ``contract.py``.
"""

from .contract import generate_images
from .diffusers_generator import DiffusersGenerator
from .seeds import image_generators, image_seed

__all__ = [
    'DiffusersGenerator',
    'generate_images',
    'image_generators',
    'image_seed',
]
