"""RMPG and KB-DMGen as an extension of MMEngine and MMPose.

Importing the package is free: it pulls in no framework, so that MMEngine can
find :mod:`mmkbdm.registry` from any config.
"""

from .version import __version__

__all__ = ['__version__']
