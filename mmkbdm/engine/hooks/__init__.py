"""Hooks for MMEngine's Runner."""

from .channels_last_hook import ChannelsLastHook
from .finite_loss_hook import FiniteLossHook
from .generation_eval_hook import GenerationEvalHook
from .generator_curves_hook import GeneratorCurvesHook
from .graphed_loss_hook import GraphedLossHook
from .parse_graph_hook import ParseGraphHook
from .random_state_hook import RandomStateHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .speed_timer_hook import SpeedTimerHook
from .train_neck_first_hook import TrainNeckFirstHook
from .truth_prediction_hook import TruthPredictionHook

__all__ = [
    'ChannelsLastHook',
    'FiniteLossHook',
    'GenerationEvalHook',
    'GeneratorCurvesHook',
    'GraphedLossHook',
    'ParseGraphHook',
    'RandomStateHook',
    'SafeCheckpointHook',
    'SpeedTimerHook',
    'TrainNeckFirstHook',
    'TruthPredictionHook',
]
