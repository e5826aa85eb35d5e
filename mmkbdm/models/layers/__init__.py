"""Pure torch mathematics: no framework is imported below this folder."""

from .combination import AddCombination, FuseCombination
from .context_relation import ContextRelation
from .dynamic_mask import DynamicMask
from .film import GatedFiLM, Modulation
from .gated_bottleneck import GatedBottleneck
from .layer_scale import LayerScale
from .masked_attention import attend, mask_channels, masked_attention
from .node_norm import NodeLayerNorm
from .node_predictor import NodePredictor
from .parse_graph import ParseGraph, ParseGraphLevel
from .parse_graph_sequence import ParseGraphSequence
from .pose_mask import (
    background_weight,
    dilate,
    distance_to_pose,
    pose_mask,
    token_distance,
    token_mask,
)
from .pose_masked_block import MaskedTransformerLayer, PoseMaskedBlock
from .residual_conv import ResidualConv
from .sincos_position import sincos_position_2d
from .vector_quantizer import Quantized, VectorQuantizer, code_perplexity

__all__ = [
    'AddCombination',
    'ContextRelation',
    'DynamicMask',
    'FuseCombination',
    'GatedBottleneck',
    'GatedFiLM',
    'LayerScale',
    'MaskedTransformerLayer',
    'Modulation',
    'NodeLayerNorm',
    'NodePredictor',
    'ParseGraph',
    'ParseGraphLevel',
    'ParseGraphSequence',
    'PoseMaskedBlock',
    'Quantized',
    'ResidualConv',
    'VectorQuantizer',
    'attend',
    'background_weight',
    'code_perplexity',
    'dilate',
    'distance_to_pose',
    'mask_channels',
    'masked_attention',
    'pose_mask',
    'sincos_position_2d',
    'token_distance',
    'token_mask',
]
