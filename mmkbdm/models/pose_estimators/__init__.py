"""Pose estimators of MMPose with training signals of the papers."""

from .supervised_topdown import SupervisedTopdownPoseEstimator

__all__ = ['SupervisedTopdownPoseEstimator']
