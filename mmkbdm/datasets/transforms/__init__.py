"""Transforms of data samples."""

from .load_image import LoadImage, UnreadableImageError

__all__ = ['LoadImage', 'UnreadableImageError']
