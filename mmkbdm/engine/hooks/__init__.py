"""Hooks for MMEngine's Runner."""

from .safe_checkpoint_hook import SafeCheckpointHook
from .truth_prediction_hook import TruthPredictionHook

__all__ = ['SafeCheckpointHook', 'TruthPredictionHook']
