"""The knowledge base of KB-DMGen: two training stages, and what is asked."""

from .cached_rows import CachedRows
from .code_metrics import CodeAccuracy, CodebookUse
from .codebook import FeatureCodebook
from .decompose import PromptParts, decompose
from .encode import encoder_key, image_features, text_features
from .feature_cache import FeatureCache
from .knowledge_base import KnowledgeBase
from .read_out import read_out
from .retrieved import TOGETHER, retrieved_codes
from .sources import OracleCode, PredictedCode, RandomCode, RawText
from .stage import Stage
from .text_to_code import TextToCode

__all__ = [
    'TOGETHER',
    'CachedRows',
    'CodeAccuracy',
    'CodebookUse',
    'FeatureCache',
    'FeatureCodebook',
    'KnowledgeBase',
    'OracleCode',
    'PredictedCode',
    'PromptParts',
    'RandomCode',
    'RawText',
    'Stage',
    'TextToCode',
    'decompose',
    'encoder_key',
    'image_features',
    'read_out',
    'retrieved_codes',
    'text_features',
]
