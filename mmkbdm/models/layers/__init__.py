"""Pure torch mathematics: no framework is imported below this folder."""

from .combination import AddCombination, FuseCombination
from .context_relation import ContextRelation
from .gated_bottleneck import GatedBottleneck
from .layer_scale import LayerScale
from .node_norm import NodeLayerNorm
from .node_predictor import NodePredictor
from .parse_graph import ParseGraph, ParseGraphLevel
from .parse_graph_sequence import ParseGraphSequence
from .residual_conv import ResidualConv
from .sincos_position import sincos_position_2d

__all__ = [
    'AddCombination',
    'ContextRelation',
    'FuseCombination',
    'GatedBottleneck',
    'LayerScale',
    'NodeLayerNorm',
    'NodePredictor',
    'ParseGraph',
    'ParseGraphLevel',
    'ParseGraphSequence',
    'ResidualConv',
    'sincos_position_2d',
]
