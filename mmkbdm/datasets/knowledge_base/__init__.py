"""Datasets of cached features, for the two stages of the knowledge base."""

from .base import FeatureDataset
from .image_features import ImageFeatures
from .text_codes import TextCodes

__all__ = ['FeatureDataset', 'ImageFeatures', 'TextCodes']
