"""Pose estimators of MMPose with training signals of the papers."""

import logging

from .supervised_level import supervised_levels

__all__ = ['supervised_levels']

try:
    from .supervised_topdown import SupervisedTopdownPoseEstimator
except ImportError as error:
    # The registry imports this package for everybody, and the necks need
    # torch and MMEngine only; MMPose's own error is raised where it is used.
    logging.getLogger(__name__).debug('no pose estimators: %s', error)
else:
    __all__ += ['SupervisedTopdownPoseEstimator']
