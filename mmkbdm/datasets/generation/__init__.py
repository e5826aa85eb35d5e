"""Datasets of images with a prompt and the poses of their people.

Every sample is one image; ``base.py`` says what it holds.
"""

from .base import PoseTextDataset
from .cached_samples import CachedSamples
from .coco import CocoPoseText
from .human_art import HumanArtPoseText, ToyHumanPoseText
from .mapping import PoseTextMapping

__all__ = [
    'CachedSamples',
    'CocoPoseText',
    'HumanArtPoseText',
    'PoseTextDataset',
    'PoseTextMapping',
    'ToyHumanPoseText',
]
