"""Transforms of data samples."""

from .draw_pose import DrawPose
from .load_image import LoadImage, UnreadableImageError
from .pack_generation import PackGeneration
from .pose_crop import RandomPoseCrop, ResizeCenterCrop
from .pose_flip import RandomPoseFlip

__all__ = [
    'DrawPose',
    'LoadImage',
    'PackGeneration',
    'RandomPoseCrop',
    'RandomPoseFlip',
    'ResizeCenterCrop',
    'UnreadableImageError',
]
