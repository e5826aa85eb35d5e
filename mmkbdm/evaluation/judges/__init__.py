"""Judges: pose estimators that say who is seen in a generated image."""

from .base import Judge
from .build import build_judge
from .detectors import MMDetDetector, WholeImage
from .mmpose_judge import MMPoseJudge
from .vitpose_judge import TransformersViTPoseJudge

__all__ = [
    'Judge',
    'MMDetDetector',
    'MMPoseJudge',
    'TransformersViTPoseJudge',
    'WholeImage',
    'build_judge',
]
