"""Pipelines of diffusers; importing this imports diffusers."""

from .kbdmgen_pipeline import KBDMGenPipeline
from .knowledge_base_model import KnowledgeBaseModel

__all__ = ['KBDMGenPipeline', 'KnowledgeBaseModel']
