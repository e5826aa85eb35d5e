"""Metrics for MMEngine's evaluator."""

from .metrics import LeftRightSwap, OccludedAP

__all__ = ['LeftRightSwap', 'OccludedAP']
