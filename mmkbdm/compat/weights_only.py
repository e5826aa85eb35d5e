"""What MMEngine checkpoints hold, for loading with ``weights_only=True``.

From 2.6 on torch loads only tensors and plain containers unless told
otherwise: ``Weights only load failed``. MMEngine stores its message hub as
well: ``HistoryBuffer``, NumPy arrays and NumPy scalars. They are allowed by
name here, and nothing that can reach other code is: the state of a
``HistoryBuffer`` names ``builtins.getattr``, for which a look-up of its four
statistics stands in.
"""

import pickle
from collections.abc import Callable

from .environment import find_package, release
from .shim import Shim

NAME = 'torch.load'

# ``HistoryBuffer._set_default_statistics`` registers these.
STATISTICS = ('min', 'max', 'current', 'mean')


def history_buffer_statistic(owner: type, name: str) -> Callable:
    """Stand in for ``getattr`` where it names a ``HistoryBuffer`` method.

    Args:
        owner (type): Must be ``HistoryBuffer``.
        name (str): One of :data:`STATISTICS`.

    Returns:
        Callable: The plain function, which the unpickler cannot call.
    """
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name not in STATISTICS:
        raise pickle.UnpicklingError(
            'GLOBAL builtins.getattr was refused: it may only name a '
            f'statistic of HistoryBuffer, not {name!r} of {owner!r}'
        )
    return HistoryBuffer.__dict__[name]


def plain_dtype(*args):
    """Stand in for ``numpy.dtype``: numbers and text, no objects."""
    import numpy as np

    dtype = np.dtype(*args)
    if dtype.kind not in 'biufcSU':
        raise pickle.UnpicklingError(
            'GLOBAL numpy.dtype was refused: only numbers and text are '
            f'loaded, not {dtype}'
        )
    return dtype


def allowed_globals() -> list[tuple[Callable, str]]:
    """List what is allowed as pairs of object and name in the file."""
    import numpy as np
    from mmengine.logging import HistoryBuffer

    pairs = [
        (HistoryBuffer, f'{HistoryBuffer.__module__}.HistoryBuffer'),
        (history_buffer_statistic, 'builtins.getattr'),
        (np.ndarray, 'numpy.ndarray'),
        (plain_dtype, 'numpy.dtype'),
    ]
    reconstruct = np.zeros(1).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    # NumPy 2 renamed the module; files of both kinds are about.
    for core in ('numpy.core', 'numpy._core'):
        pairs.append((reconstruct, f'{core}.multiarray._reconstruct'))
        pairs.append((scalar, f'{core}.multiarray.scalar'))
    # The unpickler asks for the type of each dtype whose state it sets.
    for code in np.typecodes['All'].translate(str.maketrans('', '', 'OVMm')):
        kind = type(np.dtype(code))
        pairs.append((kind, f'{kind.__module__}.{kind.__name__}'))
    return pairs


def needed() -> tuple[bool, str]:
    """Tell whether torch refuses MMEngine's checkpoints."""
    if find_package('torch') is None:
        return False, 'torch is not installed'
    if find_package('mmengine') is None:
        return False, 'mmengine is not installed'
    import torch

    version = str(torch.__version__)
    if release(version) < (2, 6):
        return False, f'torch {version} does not default to weights_only=True'
    return True, f'torch {version} loads with weights_only=True'


def activate() -> Shim:
    """Allow what MMEngine checkpoints hold, by name."""
    active, reason = needed()
    if active:
        import torch

        torch.serialization.add_safe_globals(allowed_globals())
    return Shim(NAME, active, reason)
