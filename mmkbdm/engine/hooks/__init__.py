"""Hooks for MMEngine's Runner."""

from .channels_last_hook import ChannelsLastHook
from .generation_eval_hook import GenerationEvalHook
from .parse_graph_hook import ParseGraphHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .train_neck_first_hook import TrainNeckFirstHook
from .truth_prediction_hook import TruthPredictionHook

__all__ = [
    'ChannelsLastHook',
    'GenerationEvalHook',
    'ParseGraphHook',
    'SafeCheckpointHook',
    'TrainNeckFirstHook',
    'TruthPredictionHook',
]
