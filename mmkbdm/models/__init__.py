"""Everything that a config can name under ``model``.

MMEngine imports this package at the first look-up of ``mmkbdm.*``: nothing
that a pose-only user may lack is imported here.
"""

import logging

from . import necks

__all__ = ['necks']

try:
    from . import pose_estimators  # noqa: F401
except ImportError as error:
    # The necks need torch and MMEngine only; MMPose's own error is raised
    # where MMPose is used.
    logging.getLogger(__name__).debug('no pose estimators: %s', error)
else:
    __all__ += ['pose_estimators']
