"""Small models trained from scratch: CLIP, a VAE, text to image.

What the toy configs build on where Stable Diffusion's weights are missing.
Importing this package imports neither diffusers nor transformers.
"""

from .image_autoencoder import ImageAutoencoder
from .text_image_contrast import TextImageContrast
from .text_to_image import TextToImage

__all__ = ['ImageAutoencoder', 'TextImageContrast', 'TextToImage']
