"""OpenMMLab 2.x on current PyTorch, switched on by one explicit call.

Nothing here acts on import. Every shim looks for its own condition and does
nothing where it does not hold: with compiled mmcv, matching torchvision,
older torch and older transformers the whole layer stays off.
"""

import logging

from . import mmcv_ext, mmpretrain_multimodal, torchvision_fake, weights_only
from .checkpoint import CheckpointError, read_checkpoint
from .mmcv_ext import MissingOperatorError
from .shim import Shim

__all__ = [
    'CheckpointError',
    'MissingOperatorError',
    'Shim',
    'activate',
    'read_checkpoint',
]

_SHIMS = (mmcv_ext, torchvision_fake, mmpretrain_multimodal, weights_only)
_records: tuple[Shim, ...] | None = None


def activate() -> tuple[Shim, ...]:
    """Switch on the shims that this environment needs.

    Call it before ``mmpose``, ``mmdet`` or ``mmpretrain`` is imported. The
    second call returns the records of the first.

    Returns:
        tuple[Shim]: One record per shim, always in the same order.
    """
    global _records
    if _records is None:
        logger = logging.getLogger('mmkbdm')
        records = []
        for module in _SHIMS:
            record = module.activate()
            logger.debug(
                'compat %s: %s (%s)',
                record.name,
                'on' if record.active else 'off',
                record.reason,
            )
            records.append(record)
        _records = tuple(records)
    return _records
