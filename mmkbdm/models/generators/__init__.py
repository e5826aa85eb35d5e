"""Generators: frozen parts of diffusers, and what is trained beside them.

Importing this package imports neither diffusers nor transformers: they come
when a generator is built.
"""

from .pose_guided_generator import PoseGuidedGenerator

__all__ = ['PoseGuidedGenerator']
