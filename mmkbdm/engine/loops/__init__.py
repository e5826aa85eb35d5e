"""Loops for MMEngine's Runner."""

from .resumable_loops import ResumableEpochLoop, ResumableIterLoop

__all__ = ['ResumableEpochLoop', 'ResumableIterLoop']
