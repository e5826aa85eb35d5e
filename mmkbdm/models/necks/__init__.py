"""Necks. Importing this package makes the bare name ``RMPG`` known to MMPose.

``mmkbdm.RMPG`` builds from any config without an import. Who prefers the bare
name lists ``custom_imports=dict(imports=['mmkbdm.models.necks'])``.
"""

import logging

from .hierarchical_rmpg import HierarchicalRMPG
from .residual_conv_neck import ResidualConvNeck
from .rmpg import RMPG

try:
    from mmpose.registry import MODELS as MMPOSE_MODELS
except ImportError as error:
    # The neck needs torch and MMEngine only; MMPose's own error is raised
    # where MMPose is used.
    logging.getLogger(__name__).debug('not registered in MMPose: %s', error)
else:
    MMPOSE_MODELS.register_module(module=RMPG, force=True)

__all__ = ['HierarchicalRMPG', 'RMPG', 'ResidualConvNeck']
