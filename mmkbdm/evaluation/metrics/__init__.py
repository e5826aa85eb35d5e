"""What the metrics of MMPose do not tell."""

from .left_right_swap import LeftRightSwap
from .occluded_ap import OccludedAP

__all__ = ['LeftRightSwap', 'OccludedAP']
