"""What happens to weights in a step of training."""

from .autocast_optim_wrapper import AutocastOptimWrapper
from .trained_moving_average import TrainedMovingAverage

__all__ = ['AutocastOptimWrapper', 'TrainedMovingAverage']
