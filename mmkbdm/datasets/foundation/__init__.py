"""Datasets in memory that give whole batches, for small models."""

from .encoded_images import EncodedImages
from .image_texts import ImageTexts
from .in_memory import InMemory, whole_batch

__all__ = ['EncodedImages', 'ImageTexts', 'InMemory', 'whole_batch']
