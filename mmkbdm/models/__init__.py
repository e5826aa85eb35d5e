"""Everything that a config can name under ``model``.

MMEngine imports this package at the first look-up of ``mmkbdm.*``: nothing
that a pose-only user may lack is imported here.
"""

from . import necks

__all__ = ['necks']
